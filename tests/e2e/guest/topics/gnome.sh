#!/bin/bash
# GNOME Shell's lock screen in a session that GDM began at the seat, with the extension as docs/desktops/gnome.md installs it. The
# Shell draws on a monitor that is not there (scripts/e2e gnome, which has a root file system of its own).
# shellcheck source=tests/e2e/guest/desktop.sh
. /opt/share/guest/desktop.sh
recorded
uid=$(id -u alice)
extension=facelock@facelock.github.io
extensions=/usr/share/gnome-shell/extensions
alice() { runuser -u alice -- env XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" "$@"; }
graphics() { # a seat is one to draw at when something in udev's records is its master
  mkdir -p /run/udev/data /run/udev/tags/{seat,master-of-seat}
  printf '%s\n' I:1 {G,Q}:{seat,master-of-seat} V:1 >/run/udev/data/c1:3
  touch /run/udev/tags/{seat,master-of-seat}/c1:3
  systemctl restart systemd-logind
}
begun() { # GDM logs alice in
  install -d /etc/systemd/user/org.gnome.Shell@wayland.service.d
  printf '[Service]\nExecStart=\nExecStart=/usr/bin/gnome-shell --headless --virtual-monitor 1280x720\n' \
    >/etc/systemd/user/org.gnome.Shell@wayland.service.d/headless.conf
  printf '[daemon]\nAutomaticLoginEnable=true\nAutomaticLogin=alice\n' >/etc/gdm3/daemon.conf
  : >/etc/default/locale
  systemctl start gdm3
  for _ in $(seq 300); do
    alice systemctl --user is-active -q gnome-session.target 2>/dev/null && alice gnome-extensions list 2>/dev/null | grep -q . && break
    sleep 0.2
  done
  sleep 5 # the Shell locks nothing while it starts
}
session() { loginctl show-user alice -P Display; }
of_session() { loginctl show-session "$(session)" -P "$1"; }
locks() { alice python3 $S/guest/hosts/gnome-lock.py "$@" 2>/run/lock.said; settled; }
told() { awk -v kind="$1" '$2 == kind' "/run/user/$uid/shell-said"; }
services() { told start | awk '{print $3}' | xargs; }
which_opened() { told complete | awk '{print $3}'; }
refused() { journalctl --sync; journalctl -q --no-pager -t facelock -o cat | grep -c 'service=gdm-face outcome=NonMatch'; }
state_of() { alice gnome-extensions info "$1" | sed -n 's/^ *State: //p'; }
complaints() { journalctl --sync; journalctl -q --no-pager -o json _COMM=gnome-shell | grep 'JS ERROR' | grep "$extension" | grep -o '"MESSAGE":"[^"]*"'; }

echo "# GNOME Shell $(dpkg-query -W -f='${Version}' gnome-shell), GDM $(dpkg-query -W -f='${Version}' gdm3)"
install -Dm 644 -t "$extensions/$extension" $S/gnome/$extension/*
install -Dm 644 -t "$extensions/gnome-probe@e2e" $S/guest/hosts/gnome-probe@e2e/*
graphics
begun
first=$(session)
ok "GDM began her session at the seat" "$(of_session Service) $(of_session Seat) $(of_session Type) $(of_session Active)" "gdm-autologin seat0 wayland yes"
alice gnome-extensions enable gnome-probe@e2e
sleep 1
ok "control: the probe sees what the Shell's verifier does" "$(state_of gnome-probe@e2e)" ACTIVE

echo "# by Enter"
switched_on gdm-password
before astronaut-later
held "Enter, and the face opens it" open 3000 "$(locks 6 wake wait Return)"
ok "as the entry's hint says" "$(told secret | cut -d ' ' -f 4-)" "Password, or Enter for face:"
held "no Enter: a face opens nothing" locked 0 "$(locks 4 wake)"
before empty
held "nobody there: the password opens it at once" open 1000 "$(locks 5 alicepw Return)"
before hopper
held "Enter before another's face" locked 0 "$(locks 5 wake wait Return)"
switched_off gdm-password
before astronaut-later
held "switched off: Enter opens nothing" locked 0 "$(locks 5 wake wait Return)"

echo "# dialogs that ask for an administrator"
usermod -aG sudo alice
printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' >/etc/systemd/system/asked-for.service
systemctl daemon-reload
dialog() { alice python3 $S/guest/hosts/gnome-dialog.py 'systemctl start asked-for' "$@" 2>/run/dialog.said; settled; }
switched_on polkit-1
ok "y, once the face is recognised" "$(dialog wait y Return)" 0
ok "as the journal has it" "$(said 'verify user=alice .*service=polkit-1 outcome=Match')" yes
ok "control: the Shell ignores an empty answer" "$(dialog wait Return)" waiting
ok "the password in its place" "$(dialog wait alicepw Return)" 0
before hopper
ok "y before another's face" "$(dialog wait y Return)" waiting
switched_off polkit-1
before astronaut-later
ok "switched off: y is no password" "$(dialog wait y Return)" waiting

echo "# without the extension"
switched_on gdm-face
facelockctl config set services.gdm-password off >/tmp/set 2>&1
before astronaut-later
held "a face opens nothing" locked 0 "$(locks 5 wake)"
ok "the Shell asks for the password alone" "$(services)" gdm-password
held "the password does" open 2000 "$(locks 5 alicepw Return)"

echo "# with it"
alice gnome-extensions enable "$extension"
sleep 1
ok "the Shell runs the extension" "$(state_of "$extension")" ACTIVE
held "woken by a key, and the face opens it" open 3000 "$(locks 6 wake)"
ok "the Shell asked for both" "$(services)" "gdm-password gdm-face"
ok "it was the face" "$(which_opened)" gdm-face
ok "as the journal has it" "$(said 'verify user=alice .*service=gdm-face outcome=Match')" yes
ok "and nothing was said" "$(told info)$(told problem)" ""
before empty
held "nobody there: the password opens it at once" open 1000 "$(locks 5 alicepw Return)"
ok "while the camera looked" "$(services), $(which_opened)" "gdm-password gdm-face, gdm-password"
held "nobody there, and no password" locked 0 "$(locks 6 wake)"
ok "nothing was said" "$(told info)$(told problem)" ""
held "a wrong password" locked 0 "$(locks 4 wrong Return)"
before hopper
seen=$(refused)
held "another's face" locked 0 "$(locks 6 wake)"
ok "which costs one miss" "$(services), $(($(refused) - seen))" "gdm-password gdm-face, 1"
held "nor does it later" locked 0 "$(locks 4 wake wait Escape wait wake)"
ok "Escape and a key begin anew" "$(services), $(($(refused) - seen))" "gdm-password gdm-face gdm-password gdm-face, 3"
held "the password, whoever is in front" open 1500 "$(locks 5 alicepw Return)"
before astronaut-later
held "and the own face again" open 3000 "$(locks 6 wake)"

echo "# what is said, where the service is not quiet"
facelockctl config set services.gdm-face.quiet false >/tmp/set 2>&1
before empty
held "nobody there" locked 0 "$(locks 6 wake)"
spoke() { awk '$2 == "start" && $3 == "gdm-face" {began = $1} $2 == "info" && $3 == "gdm-face" {print $1 - began; exit}' "/run/user/$uid/shell-said"; }
ok "nothing for 800 ms ($(spoke))" "$([ "$(spoke)" -ge 800 ] && echo yes)" yes

echo "# switched off"
before astronaut-later
switched_off gdm-face
held "the extension without its service: a face opens nothing" locked 0 "$(locks 4 wake)"
held "the password does" open 2000 "$(locks 5 alicepw Return)"
alice gnome-extensions disable "$extension"
sleep 1
held "neither: a face opens nothing" locked 0 "$(locks 4 wake)"
ok "the Shell asks for the password alone" "$(services)" gdm-password
held "the password does" open 2000 "$(locks 5 alicepw Return)"
ok "the session is the same from the beginning" "$(session)" "$first"
ok "the Shell complained of nothing of ours" "$(complaints)" ""
systemctl stop gdm3
loginctl terminate-user alice
rm -rf /etc/systemd/user/org.gnome.Shell@wayland.service.d /run/udev/{data,tags} "${extensions:?}"
