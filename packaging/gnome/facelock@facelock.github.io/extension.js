// SPDX-License-Identifier: MIT OR Apache-2.0
// Starts the PAM service gdm-face beside gdm-password. GDM runs any service that the Shell names; which faces it lets in is
// Facelock's alone. No message is queued: the Shell unlocks only once every message was shown.
import {Extension, InjectionManager} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Util from 'resource:///org/gnome/shell/gdm/util.js';

// Where the Shell keeps its services from 50 on.
const legacy = await import('resource:///org/gnome/shell/gdm/authServicesLegacy.js').catch(() => null);

const SERVICE = 'gdm-face';

export default class FacelockExtension extends Extension {
    enable() {
        this._injections = new InjectionManager();
        const verifier = Util.ShellUserVerifier?.prototype;
        const services = legacy?.AuthServicesLegacy?.prototype;
        if (verifier?._beginVerification && verifier._startService && verifier._onConversationStopped)
            this._startWith(verifier);
        else if (services?._handleGetCredentialManagerServices && services._handleCanStartService)
            this._nameTo(services);
    }

    // Until 49 the Shell starts each service itself.
    _startWith(verifier) {
        this._injections.overrideMethod(verifier, '_beginVerification', original => function (...args) {
            original.apply(this, args);
            if (this._userName && !this._activeServices.has(SERVICE) && !this._unavailableServices.has(SERVICE))
                this._startService(SERVICE).catch(logError);
        });
        // The Shell starts a service that refused somebody again at once: whoever stays in front would use up the misses of
        // its owner within seconds. One look a prompt.
        this._injections.overrideMethod(verifier, '_onConversationStopped', original => function (client, service, ...args) {
            if (service === SERVICE)
                this._activeServices.delete(service);
            else
                original.call(this, client, service, ...args);
        });
    }

    // From 50 on it starts what it is named, and what may start.
    _nameTo(services) {
        this._injections.overrideMethod(services, '_handleGetCredentialManagerServices', original => function (...args) {
            return [...original.apply(this, args), SERVICE];
        });
        this._injections.overrideMethod(services, '_handleCanStartService', original => function (service, ...args) {
            return service === SERVICE ? Boolean(this._userName) : original.call(this, service, ...args);
        });
    }

    disable() {
        this._injections?.clear();
        this._injections = null;
    }
}
