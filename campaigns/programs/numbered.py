"""Lines of which each tells its number and what it has to hold, so that none can be lost, doubled or torn unseen."""
import random

TEXT = bytes(random.Random(7).choices(b"abcdefghijklmnopqrstuvwxyz 0123456789", k=32768))


def line(number, least, most):
    """The line of that number, from 1; its length without the number is between these, at most 16,384."""
    begin = number * 104729 % 16384
    return b"%d %s\n" % (number, TEXT[begin:begin + least + number * 7919 % (most - least + 1)])
