// Runs the extension with the modules in a resource file.   gjs -m check.js RESOURCE EXTENSION
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const [resource, path] = ARGV;
Gio.resources_register(Gio.Resource.load(resource));
const shell = 'resource:///org/gnome/shell/gdm';
const {default: Extension} = await import(GLib.filename_to_uri(path, null));
const services = await import(`${shell}/authServicesLegacy.js`).catch(() => null);
const {ShellUserVerifier} = await import(`${shell}/util.js`);

let failed = 0;
function same(what, found, wanted) {
    const good = String(found) === String(wanted);
    failed += !good;
    print(`${good ? 'ok' : 'FAILED'}: ${what}: ${found}`);
}

// What GDM is asked to start for a user, in order.
function started(userName, change = () => {}) {
    if (services)
        return new services.AuthServicesLegacy().begin(userName, change);
    const asked = [];
    const begin = async service => asked.push(service);
    const verifier = Object.assign(Object.create(ShellUserVerifier.prototype), {
        _activeServices: new Set(),
        _unavailableServices: new Set(),
        _defaultService: 'gdm-password',
        _fingerprintReaderType: 0,
        _hold: {acquire() {}, release() {}},
        _userVerifier: {call_begin_verification_for_user: begin, call_begin_verification: begin},
        _userName: userName,
    });
    change(verifier);
    verifier._beginVerification();
    return asked;
}

// Whether the Shell begins a service again that has just refused somebody.
function again(service) {
    const failed = [];
    const verifier = Object.assign(Object.create(ShellUserVerifier.prototype), {
        _activeServices: new Set([service]),
        _unavailableServices: new Set(),
        _credentialManagers: {},
        _defaultService: 'gdm-password',
        _messageQueue: [],
        _verificationFailed: (name, retry) => retry && failed.push(name),
    });
    verifier._onConversationStopped(null, service);
    return failed;
}

const dir = Gio.File.new_for_path(path).get_parent();
const extension = new Extension({uuid: dir.get_basename(), dir, path: dir.get_path()});
same('before', started('alice'), 'gdm-password');
if (!services)
    same('control: the Shell begins a service again that refused', again('gdm-face'), 'gdm-face');
extension.enable();
same('beside the password', started('alice'), 'gdm-password,gdm-face');
same('nobody chosen yet', started(null), 'gdm-password');
same('not there', started('alice', host => host._unavailableServices.add('gdm-face')), 'gdm-password');
same('under way', started('alice', host => host._activeServices.add('gdm-face')), 'gdm-password');
if (!services) {
    same('one look a prompt', again('gdm-face'), '');
    same('the password is asked for again', again('gdm-password'), 'gdm-password');
}
extension.disable();
same('afterwards', started('alice'), 'gdm-password');
if (!services)
    same('and begun again', again('gdm-face'), 'gdm-face');
if (failed)
    throw new Error(`${failed} failed`);
