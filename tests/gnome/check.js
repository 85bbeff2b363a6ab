// Runs the extension against a stand-in of the Shell's.   gjs -m check.js RESOURCE EXTENSION
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const [resource, path] = ARGV;
Gio.resources_register(Gio.Resource.load(resource));
const shell = 'resource:///org/gnome/shell/gdm';
const {default: Extension} = await import(GLib.filename_to_uri(path, null));
const services = await import(`${shell}/authServicesLegacy.js`).catch(() => null);
const {ShellUserVerifier} = await import(`${shell}/util.js`);
const Host = services?.AuthServicesLegacy ?? ShellUserVerifier;

let failed = 0;
function same(what, found, wanted) {
    const good = String(found) === String(wanted);
    failed += !good;
    print(`${good ? 'ok' : 'FAILED'}: ${what}: ${found}`);
}
function started(userName, change = () => {}) {
    const host = new Host();
    change(host);
    return host.begin(userName);
}

const extension = new Extension();
same('before', started('alice'), 'gdm-password');
extension.enable();
same('beside the password', started('alice'), 'gdm-password,gdm-face');
same('nobody chosen yet', started(null), 'gdm-password');
same('not there', started('alice', host => host._unavailableServices.add('gdm-face')), 'gdm-password');
same('under way', started('alice', host => host._activeServices.add('gdm-face')), 'gdm-password');
extension.disable();
same('afterwards', started('alice'), 'gdm-password');
if (failed)
    throw new Error(`${failed} failed`);
