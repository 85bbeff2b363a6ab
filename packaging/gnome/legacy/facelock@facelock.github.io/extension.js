// SPDX-License-Identifier: MIT OR Apache-2.0
// What the extension beside this folder does, for GNOME 43 and 44, which load no modules.
/* exported init */
const {gdm} = imports;

const SERVICE = 'gdm-face';

class FacelockExtension {
    enable() {
        const verifier = gdm.util.ShellUserVerifier?.prototype;
        if (!verifier?._beginVerification || !verifier._startService || !verifier._onConversationStopped)
            return;
        const {_beginVerification, _onConversationStopped} = verifier;
        verifier._beginVerification = function (...args) {
            _beginVerification.apply(this, args);
            if (this._userName && !this._activeServices?.has(SERVICE) && !this._unavailableServices.has(SERVICE))
                Promise.resolve(this._startService(SERVICE)).catch(logError);
        };
        // One look a prompt: whoever stays in front would use up the misses of its owner within seconds.
        verifier._onConversationStopped = function (client, service, ...args) {
            if (service === SERVICE)
                this._activeServices?.delete(service);
            else
                _onConversationStopped.call(this, client, service, ...args);
        };
        this._restore = () => Object.assign(verifier, {_beginVerification, _onConversationStopped});
    }

    disable() {
        this._restore?.();
        this._restore = null;
    }
}

function init() {
    return new FacelockExtension();
}
