#!/usr/bin/env python3
"""Reads `keys list --json`; prints the id of the key that a user has called with: key_of.py USER."""
import json
import sys

for line in sys.stdin:
    k = json.loads(line)
    if sys.argv[1] in str(k.get('user.name') or k.get('user') or k.get('users') or ''):
        print(k.get('id') or k.get('fingerprint'))
        break
else:
    sys.exit('key_of.py: no key of user %s in the list' % sys.argv[1])
