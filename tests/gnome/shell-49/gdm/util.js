// The part of js/gdm/util.js that starts services until GNOME 49.
export class ShellUserVerifier {
    _activeServices = new Set();
    _unavailableServices = new Set();
    started = [];

    begin(userName) {
        this._userName = userName;
        this._beginVerification();
        return this.started;
    }

    _beginVerification() {
        this._startService('gdm-password');
    }

    async _startService(service) {
        this._activeServices.add(service);
        this.started.push(service);
    }
}
