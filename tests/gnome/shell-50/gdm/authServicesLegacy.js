// The part of js/gdm/authServices.js and authServicesLegacy.js that starts services from GNOME 50 on.
export class AuthServicesLegacy {
    _activeServices = new Set();
    _unavailableServices = new Set();
    started = [];

    begin(userName) {
        this._userName = userName;
        for (const service of ['gdm-password', ...this._handleGetCredentialManagerServices()]) {
            if (!this._activeServices.has(service) && !this._unavailableServices.has(service) && this._handleCanStartService(service))
                this.started.push(service);
        }
        return this.started;
    }

    _handleGetCredentialManagerServices() {
        return [];
    }

    _handleCanStartService(service) {
        return service === 'gdm-password';
    }
}
