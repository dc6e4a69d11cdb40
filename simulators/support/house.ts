const DAY_SECONDS = 86_400;

/** The shape of a household's day with a photovoltaic system; all powers in W, hours of the day 0–24. */
const BASE_LOAD = 230;
const MORNING = { power: 1_400, hour: 7.2, width: 0.8 };
const EVENING = { power: 2_300, hour: 19.3, width: 1.3 };
const SUN = { power: 5_600, hour: 12.8, width: 2.6 };
const SUNRISE = 5.5;
const SUNSET = 20.5;

function bell(hour: number, shape: { power: number; hour: number; width: number }): number {
  return shape.power * Math.exp(-(((hour - shape.hour) / shape.width) ** 2));
}

/** The hour of the day, 0 to below 24, of a time in seconds since 1970 (UTC). */
export function hourOfDay(seconds: number): number {
  return ((((seconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS) / DAY_SECONDS) * 24;
}

/**
 * Grid power in W of a simulated house at an hour of the day: positive is import, negative export. Base load,
 * a morning and an evening peak, minus a bell of sun between sunrise and sunset. `random` (0–1) makes loads
 * vary by ±60 W and the sun by up to a fifth.
 */
export function housePower(hour: number, random: number): number {
  const load = BASE_LOAD + bell(hour, MORNING) + bell(hour, EVENING) + (random - 0.5) * 120;
  const daylight = hour > SUNRISE && hour < SUNSET;
  const sun = daylight ? bell(hour, SUN) * (1 - 0.2 * random) : 0;
  return load - sun;
}
