#!/bin/sh
# Runs the programs of the tree $1 as they are mostly run, and leaves in the folder $2 the lists of the classes they loaded.
set -eux

tree=$1
work=$2

pmd() {
  PMD_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/$1.pmd.classes" "$tree/bin/pmd" "$@"
}

count=0
pmctl() {
  count=$((count + 1))
  PMCTL_JAVA_OPTIONS="-XX:DumpLoadedClassList=$work/$count.pmctl.classes" "$tree/bin/pmctl" "$@"
}

pmd --version
pmctl --version
