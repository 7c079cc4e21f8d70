// Where the native programs under test are: TLAB_SANITIZE=1 takes the build with address and undefined-behaviour sanitizers.

export const binaries = new URL(`../../dist/${process.env.TLAB_SANITIZE ? 'sanitize' : 'bin'}`, import.meta.url)
  .pathname;
