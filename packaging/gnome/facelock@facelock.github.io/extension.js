// SPDX-License-Identifier: MIT OR Apache-2.0
// Starts the PAM service gdm-face beside gdm-password. GDM runs any service that the Shell names; which faces it lets in is
// Facelock's alone. No message is queued: the Shell unlocks only once every message was shown.
import {Extension, InjectionManager} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Util from 'resource:///org/gnome/shell/gdm/util.js';

const SERVICE = 'gdm-face';

export default class FacelockExtension extends Extension {
    enable() {
        const verifier = Util.ShellUserVerifier?.prototype;
        // From 50 on the Shell begins elsewhere: then nothing is changed.
        if (!verifier?._beginVerification || !verifier._startService)
            return;
        this._injections = new InjectionManager();
        this._injections.overrideMethod(verifier, '_beginVerification', original => function (...args) {
            original.apply(this, args);
            if (this._userName && !this._activeServices.has(SERVICE) && !this._unavailableServices.has(SERVICE))
                this._startService(SERVICE).catch(logError);
        });
    }

    disable() {
        this._injections?.clear();
        this._injections = null;
    }
}
