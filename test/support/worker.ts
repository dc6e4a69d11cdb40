/**
 * Required by each process in which mocha runs test files side by side. Mocha ends one that has not ended within a second;
 * it would then not have written what its tests covered.
 */
if (process.env.MOCHA_WORKER_ID !== undefined) process.on('SIGTERM', () => process.exit());
