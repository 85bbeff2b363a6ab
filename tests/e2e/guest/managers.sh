# shellcheck shell=bash disable=SC2034
# The package managers by what they do, and the PAM profile that each kind of package brings. Sourced by lib.sh: topics
# say what must hold and not by whom it is installed. The package in the share says whose system this is.
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
  # As README has it, by the program that people use.
  front=dnf
  front_install() { dnf -y --disablerepo='*' install "$S/facelock.rpm"; }
  front_remove() { dnf -y remove facelock; }
  front_on() { authselect select facelock with-facelock; }
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
elif [ -e "$S/facelock.pkg.tar.zst" ]; then
  manager=pacman stack=common-auth module=/usr/lib/security/pam_facelock.so
  pkg_present() { pacman -Q facelock >/dev/null 2>&1; }
  # What pacman has never heard of here and Debian has: named one by one.
  pkg_install() {
    pacman -U --noconfirm --assume-installed glibc=2.36 --assume-installed gcc-libs=12 --assume-installed pam=1.5 \
      --assume-installed systemd=252 --assume-installed tpm2-tss=3.2 "$S/facelock.pkg.tar.zst"
  }
  pkg_files() { pacman -Qlq facelock; }
  pkg_verify() { pacman -Qkkq facelock; }
  pkg_remove() { pacman -R --noconfirm facelock; }
  pkg_purge() { if pkg_present; then pkg_remove; fi && rm -rf /var/lib/facelock /etc/facelock; }
  # No profile: each service by itself, and its line out before the module goes.
  front=pacman
  front_install() { pkg_install; }
  front_remove() { facelockctl uninstall --yes && pkg_remove; }
  front_on() { facelockctl pam enable sudo --yes; }
  profile_off() { facelockctl pam disable sudo --yes; }
  # What Arch has and Debian has not: systemd's hooks, which run when a transaction is over; another folder for PAM modules.
  made_ready() {
    local name folder command
    mkdir -p /usr/share/libalpm/hooks /var/lib/pacman
    while read -r name folder command; do
      {
        printf '[Trigger]\nType = Path\nOperation = Install\nOperation = Upgrade\nOperation = Remove\nTarget = %s/*\n' "$folder"
        printf '[Action]\nWhen = PostTransaction\nExec = %s\n' "$command"
      } >"/usr/share/libalpm/hooks/$name.hook"
    done <<'HOOKS'
20-sysusers usr/lib/sysusers.d /usr/bin/systemd-sysusers
30-tmpfiles usr/lib/tmpfiles.d /usr/bin/systemd-tmpfiles --create
30-daemon-reload usr/lib/systemd/system /usr/bin/systemctl daemon-reload
HOOKS
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
  front=apt
  front_install() { apt -y install "$S/facelock.deb"; }
  front_remove() { apt -y purge facelock; }
  front_on() { profile_on; }
  profile_on() { pam-auth-update --enable facelock; }
  profile_off() { pam-auth-update --disable facelock; }
  made_ready() { :; }
fi
