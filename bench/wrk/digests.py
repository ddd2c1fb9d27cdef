"""Prints the digests of N contents as write.lua makes them: digests.py N SEED."""
import hashlib
import sys

count, seed = int(sys.argv[1]), sys.argv[2].encode()
filler = seed + b"x" * (4096 - 16 - len(seed))
for number in range(1, count + 1):
    print(hashlib.sha256(b"%016d" % number + filler).hexdigest())
