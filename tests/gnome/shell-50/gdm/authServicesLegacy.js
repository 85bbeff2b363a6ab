// Stands for the part of js/gdm/authServices.js and authServicesLegacy.js that starts services from GNOME 50 on.
export class AuthServicesLegacy {
    _activeServices = new Set();
    _unavailableServices = new Set();

    begin(userName, change) {
        this._userName = userName;
        change(this);
        const enabled = ['gdm-password', ...this._handleGetCredentialManagerServices()];
        const may = service =>
            !this._activeServices.has(service) && !this._unavailableServices.has(service) && this._handleCanStartService(service);
        return enabled.filter(may);
    }

    _handleGetCredentialManagerServices() {
        return [];
    }

    _handleCanStartService(service) {
        return service === 'gdm-password';
    }
}
