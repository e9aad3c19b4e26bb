#!/bin/sh
# boot.sh ROOT: systemd as process 1 of ROOT. It is called in new namespaces of mounts, processes, host name, IPC, network and
# control groups, so that what it does ends with it; of the machine it may change nothing (/sys, /proc/sys, clock, modules).
set -eu
cd "$1"
mount --make-rprivate /
mount --bind . "$PWD"
cd "$PWD" # what was mounted, not what is below
mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o nosuid,nodev,noexec,ro sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o nosuid,mode=755 tmpfs dev
for d in null zero full random urandom tty; do
	: >"dev/$d"
	mount --bind "/dev/$d" "dev/$d"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o nosuid,nodev tmpfs dev/shm
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs run
ip link set lo up
hostname bare
mkdir -p mnt
pivot_root . mnt
umount -l /mnt
exec setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-syslog,-mac_admin,-mac_override \
	env -i container=tochoku PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init </dev/null >/dev/null 2>&1
