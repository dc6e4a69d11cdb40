/** A simulated day takes 2.4 minutes, and it starts at seven in the morning. */
export const SPEED = 600;
export const MORNING = Date.UTC(2025, 5, 21, 7);
