export type CommandName = 'plan' | 'check' | 'report';

export const COMMANDS: readonly CommandName[] = ['plan', 'check', 'report'];

const APPLICATION = `
  --export <name>       the export that is the root module; by default the only module of the file,
                        or AppModule, or the default export
  --options <json|file> the options of the shutdown, in place of those that the module has: JSON, a
                        .json file, or a built file that exports them
  --kubernetes          as under Kubernetes, where shutdownDelay is 5 000 ms unless it is set
`.trimEnd();

const GENERAL = `
phased-shutdown tells how an application will shut down, before it does, and how it did.

  phased-shutdown plan <module file>     prints the plan of the shutdown
  phased-shutdown check <module file>    says whether the plan fits what the platform grants
  phased-shutdown report <report file>   renders the stored report of a shutdown

  --help      for a command: phased-shutdown plan --help
  --version

Exit code 0: done, or it fits; 1: it does not fit, or the application would not start; 2: wrong use.
`.trim();

const OF_COMMAND: Readonly<Record<CommandName, string>> = {
  plan: `
phased-shutdown plan <module file> [--format text|json|mermaid]

Prints the phases of the shutdown, what runs in them and in which order, and how long it takes at most. Nest shows
the application in its preview mode: no provider is made and no connection opened.

  <module file>         the built file of the root module: dist/app.module.js
  --format <format>     text (a tree), json, or mermaid (a diagram); text by default${APPLICATION}
`.trim(),
  check: `
phased-shutdown check <module file> --grace-period 30s
phased-shutdown check <module file> --manifest deployment.yaml [--container shop]

Says whether the plan fits into what the platform grants from the signal to the kill, by how much it does not, and
which phase to cut. Exit code 0: it fits; 1: it does not.

  <module file>         the built file of the root module: dist/app.module.js
  --grace-period <time> 30s, 1m30s, 1500ms
  --manifest <file>     a manifest of Kubernetes (Deployment, StatefulSet, DaemonSet, ReplicaSet, Pod, Job, CronJob),
                        a compose file, a task definition of ECS, a unit of systemd, or an ecosystem file of
                        PM2; may be given several times
  --container <name>    the container, service or app, where a file has several
  --format <format>     text or json; text by default${APPLICATION}
`.trim(),
  report: `
phased-shutdown report <report file> [--format text|html|json]

Renders a report that the option \`report\` has stored as JSON.

  --format <format>     text (the timeline), html (a page of its own), or json; text by default
`.trim(),
};

/** The output of `--help`, in general or for one command. */
export function helpText(of: CommandName | undefined): string {
  return of === undefined ? GENERAL : OF_COMMAND[of];
}
