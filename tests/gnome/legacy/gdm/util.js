// The part of js/gdm/util.js that starts services in GNOME 43 and 44.
/* exported ShellUserVerifier */
var ShellUserVerifier = class {
    constructor() {
        this._unavailableServices = new Set();
        this.started = [];
    }

    begin(userName) {
        this._userName = userName;
        this._beginVerification();
        return this.started;
    }

    _beginVerification() {
        this._startService('gdm-password');
    }

    _startService(service) {
        this.started.push(service);
    }
};
