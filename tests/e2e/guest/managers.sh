# shellcheck shell=bash disable=SC2034
# The two package managers by what they do, and the PAM profile that each kind of package brings. Sourced by lib.sh: topics
# say what must hold and not by whom it is installed. A share with facelock.rpm is a system of RPM's.
if [ -e "$S/facelock.rpm" ]; then
  manager=rpm stack=system-auth module=/usr/lib64/security/pam_facelock.so
  pkg_present() { rpm -q facelock >/dev/null 2>&1; }
  pkg_install() { rpm -i "$S/facelock.rpm"; }
  pkg_upgrade() { rpm -U "$S/facelock-next.rpm"; }
  pkg_downgrade() { rpm -U --oldpackage "$S/facelock.rpm"; }
  pkg_verify() { rpm -V facelock; }
  pkg_files() { rpm -ql facelock; }
  pkg_remove() { rpm -e facelock; }
  # RPM erases what it brought. What remains is the owner's, and is removed by hand.
  pkg_purge() { if pkg_present; then rpm -e facelock; fi && rm -rf /var/lib/facelock /etc/facelock; }
  profile_on() { authselect select facelock with-facelock with-facelock-greeter; }
  profile_off() { authselect select local; }
  # What an RPM distribution has and Debian has not: packages under other names, authselect and its stacks, another folder
  # for PAM modules.
  made_ready() {
    rpm --initdb && rpm -i "$S/debian-stand-in.rpm"
    install -m 755 "$S/guest/authselect-stand-in.py" /usr/bin/authselect
    # As Fedora has it: what no preset names stays off.
    echo 'disable *' >/usr/lib/systemd/system-preset/99-default-disable.preset
    authselect select local
    sed -i 's/^@include common-auth/auth include system-auth/' /etc/pam.d/*
    ln -s "$module" "/usr/lib/$(uname -m)-linux-gnu/security/"
  }
else
  manager=dpkg stack=common-auth
  module=/usr/lib/$(uname -m)-linux-gnu/security/pam_facelock.so
  pkg_present() { dpkg-query -W -f='${Status}' facelock 2>/dev/null | grep -q 'ok installed'; }
  pkg_install() { dpkg -i "$S/facelock.deb"; }
  pkg_upgrade() { dpkg -i --force-confold "$S/facelock-next.deb"; }
  pkg_downgrade() { dpkg -i --force-confold "$S/facelock.deb"; }
  # The root file system holds no documentation and no translations.
  pkg_verify() { dpkg --verify facelock | grep -vE '/usr/share/(doc|man|locale)/'; }
  pkg_files() { dpkg -L facelock; }
  pkg_remove() { dpkg -r facelock; }
  pkg_purge() { dpkg -P facelock; }
  profile_on() { pam-auth-update --enable facelock; }
  profile_off() { pam-auth-update --disable facelock; }
  made_ready() { :; }
fi
