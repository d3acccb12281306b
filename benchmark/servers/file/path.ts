/** The file to send; the benchmark has made it. */
export const path: string = process.env['BENCH_FILE'] ?? '';
