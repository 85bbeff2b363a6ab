// SPDX-License-Identifier: MIT OR Apache-2.0
// What the extension beside this folder does, for GNOME 43 and 44, which load no modules.
/* exported init */
const {gdm} = imports;

const SERVICE = 'gdm-face';

class FacelockExtension {
    enable() {
        const verifier = gdm.util.ShellUserVerifier?.prototype;
        if (!verifier?._beginVerification || !verifier._startService)
            return;
        const original = verifier._beginVerification;
        verifier._beginVerification = function (...args) {
            original.apply(this, args);
            if (this._userName && !this._activeServices?.has(SERVICE) && !this._unavailableServices.has(SERVICE))
                Promise.resolve(this._startService(SERVICE)).catch(logError);
        };
        this._restore = () => (verifier._beginVerification = original);
    }

    disable() {
        this._restore?.();
        this._restore = null;
    }
}

function init() {
    return new FacelockExtension();
}
