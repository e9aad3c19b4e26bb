#!/usr/bin/env python3
"""Reads `calendar show --json`; prints the days on which the hospital is closed, Sundays left out."""
import datetime
import json
import sys

days = (json.loads(line) for line in sys.stdin)
print(*(d['date'] for d in days
        if d['opening'] == 'closed' and datetime.date.fromisoformat(d['date']).isoweekday() != 7))
