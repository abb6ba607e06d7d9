/** The command line: reads what is wanted, runs it, turns errors into one line and an exit code. */
import { type Arguments, readArguments, readConfig } from './config.ts';
import { Why403Error } from './errors.ts';
import { VERSION } from './version.ts';

export async function main(argv: string[]): Promise<void> {
  try {
    await run(readArguments(argv));
  } catch (error) {
    if (error instanceof Why403Error) {
      process.stderr.write(`${error.line()}\n`);
      process.exitCode = error.exitCode;
      return;
    }
    process.stderr.write(
      `why403: this should not have happened — please report it:\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}

async function run(args: Arguments): Promise<void> {
  if (args.command === 'help') {
    const { help } = await import('./cli/help.ts');
    process.stdout.write(help());
    return;
  }
  if (args.command === 'version') {
    process.stdout.write(`why403 ${VERSION} (Node ${process.versions.node})\n`);
    return;
  }
  const config = readConfig(args, process.env, Date.now());
  // Each command loads what it needs: `parse` does not wait for Express, nor `serve` for the report.
  switch (args.command) {
    case 'report':
      return await (await import('./cli/report.ts')).report(config);
    case 'explain':
      return await (await import('./cli/explain.ts')).explain(config);
    case 'parse':
      return await (await import('./cli/parse.ts')).parse(config);
    case 'check':
      process.exitCode = await (await import('./cli/check.ts')).check(config);
      return;
    default:
      return await (await import('./cli/serve.ts')).serve(config, args.command === 'demo');
  }
}
