// Writes a line to $XDG_RUNTIME_DIR/shell-probe for each PAM service that the Shell starts and for what GDM says of it:
// the milliseconds of the monotonic clock, what it is, the service, and the text.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import {Extension, InjectionManager} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Util from 'resource:///org/gnome/shell/gdm/util.js';

const KINDS = {
    _startService: 'start',
    _onInfo: 'info',
    _onProblem: 'problem',
    _onInfoQuery: 'question',
    _onSecretInfoQuery: 'secret',
    _onServiceUnavailable: 'unavailable',
    _onConversationStopped: 'stopped',
    _onVerificationComplete: 'complete',
};

export default class Probe extends Extension {
    enable() {
        const file = Gio.File.new_for_path(`${GLib.get_user_runtime_dir()}/shell-probe`);
        this._injections = new InjectionManager();
        for (const [method, kind] of Object.entries(KINDS)) {
            this._injections.overrideMethod(Util.ShellUserVerifier.prototype, method, original => function (...args) {
                const [service, text] = kind === 'start' ? args : args.slice(1);
                const line = [Math.round(GLib.get_monotonic_time() / 1000), kind, service, text ?? ''].join(' ');
                const stream = file.append_to(Gio.FileCreateFlags.NONE, null);
                stream.write_all(`${line.trim()}\n`, null);
                stream.close(null);
                return original.apply(this, args);
            });
        }
    }

    disable() {
        this._injections?.clear();
        this._injections = null;
    }
}
