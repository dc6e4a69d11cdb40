/** This package's version; a test holds it against package.json, which is not read at run time. */
export const VERSION = '0.1.0';

/**
 * The node set in whose catalogue the errors, notices and lines of the log are that all types may tell. Node-RED reads the
 * catalogue of each type whenever it starts, and these are half of what thirty would hold.
 */
export const SHARED_TEXTS = 'node-red-contrib-energy-devices/poweropti-device';
