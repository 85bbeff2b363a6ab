// The same for the extension of GNOME 43 and 44.   gjs -I STAND-INS -I EXTENSION check-legacy.js
const {ShellUserVerifier} = imports.gdm.util;

let failed = 0;
function same(what, found, wanted) {
    const good = String(found) === String(wanted);
    failed += !good;
    print(`${good ? 'ok' : 'FAILED'}: ${what}: ${found}`);
}
function started(userName, unavailable = []) {
    const host = new ShellUserVerifier();
    unavailable.forEach(service => host._unavailableServices.add(service));
    return host.begin(userName);
}

const extension = imports.extension.init();
extension.enable();
same('beside the password', started('alice'), 'gdm-password,gdm-face');
same('nobody chosen yet', started(null), 'gdm-password');
same('not there', started('alice', ['gdm-face']), 'gdm-password');
extension.disable();
same('afterwards', started('alice'), 'gdm-password');
if (failed)
    throw new Error(`${failed} failed`);
