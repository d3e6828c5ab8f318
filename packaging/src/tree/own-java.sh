# The runtime it was built and packed with, whatever Java the machine has.
java_home=${lib%/*}/runtime
