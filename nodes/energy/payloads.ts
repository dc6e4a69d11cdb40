import { round } from '../../lib/core/values';
import type { ClosedWindow, DemandReport } from '../../lib/energy/demand';
import type { Peak } from '../../lib/energy/peaks';
import type { ClosedPeriod, PeriodReport, UsageReport } from '../../lib/energy/usage';

/** What goes out: times as ISO 8601 UTC, figures without the noise of floating-point numbers. */

const iso = (ms: number): string => new Date(ms).toISOString();
const figure = (value: number | null): number | null => (value === null ? null : round(value, 3));
const share = (value: number | null): number | null => (value === null ? null : round(value, 4));
const peak = ({ demand, start, day, estimated }: Peak): Record<string, unknown> => ({
  demand: figure(demand),
  start: iso(start),
  day,
  estimated,
});

function closedWindow({
  start,
  end,
  energy,
  demand,
  average,
  coverage,
  complete,
  estimated,
}: ClosedWindow): object {
  return {
    start: iso(start),
    end: iso(end),
    demand: figure(demand),
    energy: figure(energy),
    average: figure(average),
    coverage: share(coverage),
    complete,
    estimated,
  };
}

/** @param ownDraw W of the load that is controlled; `null`: nobody says it */
export function demandPayload(report: DemandReport, ownDraw: number | null): Record<string, unknown> {
  const { allowedPower, power } = report;
  const allowedLoad =
    allowedPower === null || power === null || ownDraw === null
      ? null
      : Math.max(0, allowedPower - (power - ownDraw));
  return {
    timestamp: iso(report.timestamp),
    windowStart: iso(report.windowStart),
    windowEnd: iso(report.windowEnd),
    energy: figure(report.energy),
    average: figure(report.average),
    projected: figure(report.projected),
    allowedPower: figure(allowedPower),
    reduction: figure(report.reduction),
    margin: figure(report.margin),
    target: figure(report.target),
    last: report.last && closedWindow(report.last),
    monthPeak: report.monthPeak && {
      demand: figure(report.monthPeak.demand),
      start: iso(report.monthPeak.start),
    },
    peaks: report.peaks.map(peak),
    peakAverage: figure(report.peakAverage),
    toBeat: figure(report.toBeat),
    billed: figure(report.billed),
    yearAverage: figure(report.yearAverage),
    months: report.months,
    lastMonth: report.lastMonth && {
      start: iso(report.lastMonth.start),
      figure: figure(report.lastMonth.figure),
      peak: figure(report.lastMonth.peak),
    },
    coverage: share(report.coverage),
    estimated: report.estimated,
    allowedLoad: figure(allowedLoad),
    ...(report.closed ? { closed: true } : {}),
  };
}

const money = (value: number | null): number | null => (value === null ? null : round(value, 6));

function period(report: PeriodReport): Record<string, unknown> {
  return {
    start: iso(report.start),
    end: iso(report.end),
    import: figure(report.import),
    export: figure(report.export),
    net: figure(report.net),
    cost: money(report.cost),
    revenue: money(report.revenue),
    unpriced: figure(report.unpriced),
    ...(report.base === null ? {} : { base: money(report.base) }),
    coverage: share(report.coverage),
    estimated: figure(report.estimated),
  };
}

const withCurrency = (currency: string): { currency?: string } => (currency === '' ? {} : { currency });

/** @param currency as the user named it; empty: not told */
export function usagePayload(report: UsageReport, currency: string): Record<string, unknown> {
  return {
    timestamp: iso(report.timestamp),
    day: period(report.day),
    week: period(report.week),
    month: period(report.month),
    year: period(report.year),
    ...withCurrency(currency),
  };
}

export function closedPayload(closed: ClosedPeriod, currency: string): Record<string, unknown> {
  return { period: closed.kind, ...period(closed), ...withCurrency(currency) };
}
