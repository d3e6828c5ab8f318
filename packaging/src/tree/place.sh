#!/bin/sh
# Tells the class-data archives in the folder $1 that the jars will be in the folder $2. They work wherever the jars are,
# but where they are not found by the name in the archive, the JVM looks for them anew with each class that it loads.
# Archives are made with a name of $3 characters for the folder, "./././.", and one as long has to take its place.
set -eu
lib=$1 folder=$2 length=$3
export LC_ALL=C
[ "${#folder}" -lt "$length" ] || exit 0
# Names that sed would take for something else are left alone, too.
case $folder in
  [!/]* | *[!A-Za-z0-9/._+-]*) exit 0 ;;
esac
while [ "${#folder}" -lt "$length" ]; do
  folder=$folder/
done
for archive in "$lib"/*.jsa; do
  sed -i "s:\.\(/\.\)\{$(((length - 1) / 2))\}/:$folder/:g" "$archive"
done
