export type CommandName = 'plan' | 'check' | 'report';

export const COMMANDS: readonly CommandName[] = ['plan', 'check', 'report'];

const APPLICATION = `
  --export <name>       the export that is the root module; by default the only module of the file,
                        AppModule, or the default export
  --options <json|file> options that replace the module's own: JSON, a .json file, or a built file that
                        exports them
  --kubernetes          use the defaults on Kubernetes: shutdownDelay is 5 000 ms unless it is set
`.trimEnd();

const GENERAL = `
phased-shutdown shows how an application will shut down, and how its last shutdown went.

  phased-shutdown plan <module file>     prints the shutdown plan
  phased-shutdown check <module file>    checks whether the plan fits the platform's grace period
  phased-shutdown report <report file>   renders a stored shutdown report

  --help      also per command: phased-shutdown plan --help
  --version

Exit code 0: success, or the plan fits. 1: it does not fit, or the application would not start. 2: wrong usage.
`.trim();

const OF_COMMAND: Readonly<Record<CommandName, string>> = {
  plan: `
phased-shutdown plan <module file> [--format text|json|mermaid]

Prints the phases of the shutdown, their tasks in start order, and the upper bound of its duration. Nest loads the
application in preview mode: no provider is created and no connection opened.

  <module file>         the built file of the root module: dist/app.module.js
  --format <format>     text (a tree, the default), json, or mermaid (a diagram)${APPLICATION}
`.trim(),
  check: `
phased-shutdown check <module file> --grace-period 30s
phased-shutdown check <module file> --manifest deployment.yaml [--container shop]

Checks whether the plan fits the time that the platform grants from the signal to the kill. If not, prints how much
is missing, what to set, and which phases to cut. Exit code 0: it fits. 1: it does not.

  <module file>         the built file of the root module: dist/app.module.js
  --grace-period <time> 30s, 1m30s, 1500ms
  --manifest <file>     a Kubernetes manifest (Deployment, StatefulSet, DaemonSet, ReplicaSet, Pod, Job, CronJob), a
                        compose file, an ECS task definition, a systemd unit, or a PM2 ecosystem file; repeatable
  --container <name>    your container, service or app, if the file has several
  --format <format>     text (the default) or json${APPLICATION}
`.trim(),
  report: `
phased-shutdown report <report file> [--format text|html|json]

Renders a report that the option \`report\` has stored as JSON or HTML.

  --format <format>     text (the timeline, the default), html (a page), or json
`.trim(),
};

/** The output of `--help`, in general or for one command. */
export function helpText(of: CommandName | undefined): string {
  return of === undefined ? GENERAL : OF_COMMAND[of];
}
