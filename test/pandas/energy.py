"""Energy of each quarter of an hour and each local day of a counter's readings, by linear interpolation in time.

Reads int64 pairs of epoch ms and Wh, writes float64 Wh: first of all quarters, then of all days.
"""

import sys

import numpy as np
import pandas as pd

source, target, zone = sys.argv[1:4]
pairs = np.fromfile(source, dtype="<i8").reshape(-1, 2)
readings = pd.Series(
    pairs[:, 1].astype(float),
    index=pd.to_datetime(pairs[:, 0], unit="ms", utc=True),
)
begin, end = readings.index[0], readings.index[-1]
quarters = pd.date_range(begin, end, freq="15min")
days = pd.date_range(begin.tz_convert(zone), end.tz_convert(zone), freq="D").tz_convert("UTC")
times = readings.index.union(quarters).union(days)
line = readings.reindex(times).interpolate("time")
energies = [line.reindex(borders).diff().dropna().to_numpy() for borders in (quarters, days)]
np.concatenate(energies).astype("<f8").tofile(target)
print(pd.__version__, len(quarters) - 1, len(days) - 1)
