// The option object of a test that needs root: without it the test is skipped and says why.

export const root = (): { skip: string | false } => ({
  skip: process.getuid?.() === 0 ? false : 'needs root: it makes real containers',
});
