// How many times longer than usual a start may take: TLAB_PATIENCE, for machines that are emulated or very busy. Deadlines are there
// for what hangs; what ends is seen at once.
export const patience = Math.max(1, Number(process.env.TLAB_PATIENCE) || 1);
