using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using Wharf.Server.Bench;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Network;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Recovery;
using Wharf.Server.Security.Scans;

namespace Wharf.Server.Hosting;

/// <summary>The commands. Scripts rely on them: exit code 0 is done, 1 a negative answer, 2 an error; with <c>--json</c> standard output is one JSON object.</summary>
internal sealed class CommandLine
{
    private const string Examples = """
        Examples:
          wharf serve                                          a registry at http://127.0.0.1:8080, its data in ./wharf-data
          wharf serve --data /srv/wharf --listen 'http://*:80' for other machines too
          wharf serve --config wharf.yaml --listen 'https://*:443' --management-listen http://127.0.0.1:9091
          wharf user add alice < password.txt                  a user for: podman login
          wharf bench http://127.0.0.1:8080 --user admin       how fast a registry is; it keeps what was pushed
          wharf audit verify                                   proof that nobody changed the audit trail
          wharf gc explain sha256:...                          why a manifest or blob is alive, and when it goes
          wharf prune --dry-run acme                           what the auto-prune policies would take
          wharf scan registry:127.0.0.1:8080/acme/app          what is vulnerable in an image; also oci:, archive:, dir: and sbom:
          wharf storage migrate old new --dry-run              what would be copied from one place of blobs to another
          wharf keys rotate                                    new keys for what the database seals; the server goes on

        Every setting of the file can also be an environment variable: WHARF__Server__PublicUrl=https://registry.example.com
        """;

    // Group and others get nothing of what this process creates.
    private const uint PrivateFiles = 0x3F /* 0077 */;

    private readonly Composition _wharf;
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object instead of text; serve logs in JSON", Recursive = true };
    private readonly Option<string> _data = new("--data") { Description = "The data directory [default: ./wharf-data]", HelpName = "DIR" };
    private readonly Option<string> _config = new("--config") { Description = "Settings in YAML", HelpName = "FILE" };

    private CommandLine(Composition wharf) => _wharf = wharf;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Composition wharf)
    {
        StartTrace.Mark("runtime up");
        _ = Libc.SetUmask(PrivateFiles);
        var line = new CommandLine(wharf);
        var parsed = line.Root().Parse(args);
        StartTrace.Mark("command line read");
        if (parsed.Action is not HelpAction and not ExamplesHelp && parsed.Errors.Count > 0)
        {
            return await FailAsync(Problem(parsed) + "\nwharf --help tells what there is.", args.Contains("--json"));
        }

        try
        {
            // Signals are the server's own affair: Drain.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (CannotStartException refused)
        {
            return await FailAsync(refused.Message, parsed.GetValue(line._json));
        }
        catch (Exception fault)
        {
            return await FailAsync(fault.ToString(), parsed.GetValue(line._json));
        }
    }

    private static string Problem(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.Count == 0) return string.Join('\n', parsed.Errors.Select(e => e.Message));
        var command = parsed.CommandResult.Command;
        var names = command.Subcommands.Select(c => c.Name).Concat(command.Options.Select(o => o.Name)).ToArray();
        return string.Join('\n', parsed.UnmatchedTokens.Select(t => $"there is no {t} here{Suggestion.For(t, names)}"));
    }

    private static async Task<int> FailAsync(string message, bool json)
    {
        foreach (var text in message.Split('\n')) await Console.Error.WriteLineAsync($"wharf: {text}");
        if (json) await Console.Out.WriteLineAsync(new JsonObject { ["error"] = message }.ToJsonString());
        return 2;
    }

    private RootCommand Root()
    {
        var root = new RootCommand("Wharf, a container registry.")
        {
            Serve(),
            new Command("user", "Users.") { UserAdd(), UserPassword() },
            new Command("keys", "The keys that seal secrets in the database.") { KeysRotate() },
            new Command("audit", "The audit trail.") { AuditVerify(), AuditRotate(), AuditErase() },
            new Command("quota", "What namespaces hold.") { QuotaRecount() },
            new Command("gc", "Garbage collection.") { GcStatus(), GcExplain(), GcRun() },
            new Command("hold", "Legal holds.") { HoldList(), HoldSet(), HoldLift() },
            Prune(),
            new Command("person", "What is stored about people.") { PersonExport(), PersonErase() },
            new Command("mail", "Mail.") { MailTest() },
            BenchCommand.Create(_json),
            ScanCommand.Create(),
            Version(),
            Recover(),
            Scrub(),
            new Command("feeds", "What is known of vulnerabilities: the feeds of their publishers.") { FeedsList(), FeedsUpdate(), FeedsImport(), FeedsExport() },
            new Command("storage", "The places that keep blobs.") { StorageMigrate(), StorageVerify(), StorageAdopt() },
            BackUp(),
            Restore(),
        };
        root.Options.Add(_json);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExamplesHelp((HelpAction)help.Action!, Examples);
        root.Options.Remove(root.Options.OfType<VersionOption>().Single());
        root.Options.Add(new Option<bool>("--version") { Description = "The same as: wharf version", Action = new Asynchronous((parsed, _) => PrintVersionAsync(parsed)) });
        return root;
    }

    private Command Serve()
    {
        var listen = new Option<string[]>("--listen") { Description = "Where to listen, repeatable; port 0 takes a free one [default: http://127.0.0.1:8080]", HelpName = "URL" };
        var management = new Option<string>("--management-listen") { Description = "Serve health, metrics and version only there", HelpName = "URL" };
        var roles = new Option<Role[]>("--role") { Description = "What this process does, repeatable [default: all]", HelpName = "web|worker|scanner|builder", CustomParser = ParseRoles };
        listen.Validators.Add(result => RefuseOtherThanAddresses(result.Tokens.Select(t => t.Value), result.AddError));
        management.Validators.Add(result => RefuseOtherThanAddresses(result.Tokens.Select(t => t.Value), result.AddError));
        var serve = new Command("serve", "Run the registry until SIGTERM or Ctrl-C. Prints 'Wharf is ready at URL' when it takes requests.") { _data, listen, management, _config, roles };
        serve.SetAction((parsed, ct) => ServeCommand.RunAsync(
            Launched(parsed) with
            {
                Listen = parsed.GetValue(listen) ?? [],
                ManagementListen = parsed.GetValue(management),
                Roles = parsed.GetValue(roles) ?? [],
            },
            _wharf, ct));
        return serve;
    }

    private Command UserAdd()
    {
        var name = new Argument<string>("NAME") { Description = "The name to sign in with" };
        var add = new Command("add", "Add a user; the password is read from standard input.") { name, _data, _config };
        add.SetAction(async (parsed, ct) =>
        {
            var password = await Password.ReadAsync(ct);
            return password is null
                ? await FailAsync("Give the password on standard input: one line, not empty, of at most 4096 characters.", parsed.GetValue(_json))
                : await RunAsync(parsed, "user.add", new JsonObject { ["name"] = parsed.GetValue(name), ["password"] = password }, ct);
        });
        return add;
    }

    private Command UserPassword()
    {
        var name = new Argument<string>("NAME") { Description = "The user's name" };
        var set = new Command("password", "Give a user another password, read from standard input; it ends the user's sessions.") { name, _data, _config };
        set.SetAction(async (parsed, ct) =>
        {
            var password = await Password.ReadAsync(ct);
            return password is null
                ? await FailAsync("Give the password on standard input: one line, not empty, of at most 4096 characters.", parsed.GetValue(_json))
                : await RunAsync(parsed, "user.password", new JsonObject { ["name"] = parsed.GetValue(name), ["password"] = password }, ct);
        });
        return set;
    }

    private Command KeysRotate()
    {
        var rotate = new Command("rotate", "Make new keys and seal the secrets again; a running server goes on serving.") { _data, _config };
        rotate.SetAction((parsed, ct) => RunAsync(parsed, "keys.rotate", [], ct));
        return rotate;
    }

    private Command AuditVerify()
    {
        var seal = new Option<string>("--seal") { Description = "A seal that you know from the log or a sink", HelpName = "NUMBER:CODE" };
        var verify = new Command("verify", "Prove that nothing of the trail was changed or removed, rotated files included. Exit code 1 names what was.") { seal, _data, _config };
        verify.SetAction((parsed, ct) => RunAsync(parsed, "audit.verify", parsed.GetValue(seal) is { } given ? new JsonObject { ["seal"] = given } : [], ct));
        return verify;
    }

    private Command AuditRotate()
    {
        var days = new Option<int?>("--older-than") { Description = "Days to keep in the database [default: Audit:RotateDays]", HelpName = "DAYS" };
        var rotate = new Command("rotate", "Move old days to compressed files of the blob storage now, and not at their time.") { days, _data, _config };
        rotate.SetAction((parsed, ct) => RunAsync(parsed, "audit.rotate", parsed.GetValue(days) is { } given ? new JsonObject { ["days"] = given } : [], ct));
        return rotate;
    }

    private Command AuditErase()
    {
        var name = new Argument<string>("NAME") { Description = "A user's or robot's name" };
        var erase = new Command("erase", "Take a person's name, addresses and user agents out of the trail; what was done stays, and so does its proof.") { name, _data, _config };
        erase.SetAction((parsed, ct) => RunAsync(parsed, "audit.erase", new JsonObject { ["name"] = parsed.GetValue(name) }, ct));
        return erase;
    }

    private Command QuotaRecount()
    {
        var recount = new Command("recount", "Compare what is counted with what is there, of all namespaces; what differs is mended and in the log.") { _data, _config };
        recount.SetAction((parsed, ct) => RunAsync(parsed, "quota.recount", [], ct));
        return recount;
    }

    private Command GcStatus()
    {
        var status = new Command("status", "Show what waits for the collector, what it will free and what it has freed.") { _data, _config };
        status.SetAction((parsed, ct) => RunAsync(parsed, "gc.status", [], ct));
        return status;
    }

    private Command GcExplain()
    {
        var digest = new Argument<string>("DIGEST") { Description = "Of a manifest or a blob: sha256:..." };
        var explain = new Command("explain", "Tell why a manifest or blob is alive, who holds it, and when it goes. Exit code 1: it is not here.") { digest, _data, _config };
        explain.SetAction((parsed, ct) => RunAsync(parsed, "gc.explain", new JsonObject { ["digest"] = parsed.GetValue(digest) }, ct));
        return explain;
    }

    private Command GcRun()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only tell what would become of what is due" };
        var run = new Command("run", "Work off all that is due now, at full speed; the server goes on serving.") { dry, _data, _config };
        run.SetAction((parsed, ct) => RunAsync(parsed, "gc.run", new JsonObject { ["dry_run"] = parsed.GetValue(dry) }, ct));
        return run;
    }

    private Command HoldList()
    {
        var lifted = new Option<bool>("--lifted") { Description = "Also those that were lifted" };
        var list = new Command("list", "Show the legal holds.") { lifted, _data, _config };
        list.SetAction((parsed, ct) => RunAsync(parsed, "hold.list", new JsonObject { ["lifted"] = parsed.GetValue(lifted) }, ct));
        return list;
    }

    private Command HoldSet()
    {
        var target = new Argument<string>("WHAT") { Description = "NAMESPACE, NAMESPACE/REPOSITORY, NAMESPACE/REPOSITORY:TAG, person:NAME, or audit:FROM..TO (2026-01-31 or 2026-01-31T12:00:00Z)" };
        var reason = new Option<string>("--reason") { Description = "Why", HelpName = "TEXT", Required = true };
        var caseReference = new Option<string>("--case") { Description = "The reference of the case", HelpName = "TEXT" };
        var set = new Command("set", "Set a legal hold: nothing in it is collected, pruned, purged, rotated or erased until a superuser lifts it.") { target, reason, caseReference, _data, _config };
        set.SetAction((parsed, ct) => RunAsync(parsed, "hold.set",
            new JsonObject { ["target"] = parsed.GetValue(target), ["reason"] = parsed.GetValue(reason), ["case"] = parsed.GetValue(caseReference) ?? "" }, ct));
        return set;
    }

    private Command HoldLift()
    {
        var id = new Argument<string>("ID") { Description = "The id of the hold" };
        var lift = new Command("lift", "Lift a legal hold that was not set at the command line.") { id, _data, _config };
        lift.SetAction((parsed, ct) => RunAsync(parsed, "hold.lift", new JsonObject { ["id"] = parsed.GetValue(id) }, ct));
        return lift;
    }

    private Command Prune()
    {
        var name = new Argument<string>("NAME") { Description = "An organization or user, or a repository: acme/app" };
        var dry = new Option<bool>("--dry-run") { Description = "Only list what would go, and why" };
        var limit = new Option<int>("--limit") { Description = "How much of that to list", HelpName = "NUMBER", DefaultValueFactory = static _ => 10_000 };
        limit.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 1_000_000) result.AddError("--limit is a number from 1 to 1000000");
        });
        var prune = new Command("prune", "Apply the auto-prune policies now, and not at their time; the server goes on serving.") { name, dry, limit, _data, _config };
        prune.SetAction((parsed, ct) => RunAsync(parsed, "prune", new JsonObject { ["name"] = parsed.GetValue(name), ["dry_run"] = parsed.GetValue(dry), ["limit"] = parsed.GetValue(limit) }, ct));
        return prune;
    }

    private Command PersonExport()
    {
        var name = new Argument<string>("NAME") { Description = "The user's name" };
        var to = new Option<string>("--to") { Description = "A new directory", HelpName = "DIR", Required = true };
        var export = new Command("export", "Write what is stored about a person to JSON files: account, memberships, grants, robots, tokens without their secrets, audit entries.") { name, to, _data, _config };
        export.SetAction((parsed, ct) => RunAsync(parsed, "person.export", new JsonObject { ["name"] = parsed.GetValue(name), ["directory"] = Path.GetFullPath(parsed.GetValue(to)!) }, ct));
        return export;
    }

    private Command PersonErase()
    {
        var name = new Argument<string>("NAME") { Description = "The user's name" };
        var withRepositories = new Option<bool>("--with-repositories") { Description = "Delete the person's own repositories too; they go to the time machine" };
        var erase = new Command("erase", "Delete a person's account and all that names the person, for good. What they made in organizations stays. Exit code 1: refused, with the reason.") { name, withRepositories, _data, _config };
        erase.SetAction((parsed, ct) => RunAsync(parsed, "person.erase", new JsonObject { ["name"] = parsed.GetValue(name), ["with_repositories"] = parsed.GetValue(withRepositories) }, ct));
        return erase;
    }

    private Command MailTest()
    {
        var address = new Argument<string>("ADDRESS") { Description = "Whom to send a mail" };
        var test = new Command("test", "Send a mail with the settings as they are, and say what the mail server answered.") { address, _data, _config };
        test.SetAction((parsed, ct) => RunAsync(parsed, "mail.test", new JsonObject { ["address"] = parsed.GetValue(address) }, ct));
        return test;
    }

    private Command Version()
    {
        var version = new Command("version", "Print the version and the commit that it was built from.");
        version.SetAction((parsed, _) => PrintVersionAsync(parsed));
        return version;
    }

    private Command Recover()
    {
        var from = new Option<string>("--from") { Description = "The location of the settings, or the directory of a blob storage, whose database was lost", HelpName = "LOCATION|DIR", Required = true };
        var recover = new Command("recover", "Make a lost database anew from the metadata journal in the blob storage. The data directory must be new, or have lost its wharf.db.") { from, _data, _config };
        recover.SetAction(async (parsed, ct) => await TellAsync(parsed, await AdminClient.RunAloneAsync(Launched(parsed), _wharf, open: true,
            (services, stop) => services.GetRequiredService<Recover>().RunAsync(parsed.GetValue(from)!, stop), ct)));
        return recover;
    }

    private Command Scrub()
    {
        var full = new Option<bool>("--full") { Description = "Read and hash all content again; else only what is there is compared, with its size" };
        var scrub = new Command("scrub", "Compare all stored content with the database now. Exit code 1 tells what is missing or damaged; nothing is deleted.") { full, _data, _config };
        scrub.SetAction((parsed, ct) => RunAsync(parsed, "scrub", new JsonObject { ["full"] = parsed.GetValue(full) }, ct));
        return scrub;
    }

    private Command FeedsList()
    {
        var list = new Command("list", "Show each feed with its revision, its date, its licence, and what went wrong when it was asked for last.") { _data, _config };
        list.SetAction((parsed, ct) => RunAsync(parsed, "feeds.list", [], ct));
        return list;
    }

    private Command FeedsUpdate()
    {
        var names = new Argument<string[]>("NAME") { Description = "Feeds [default: Security.Feeds, or all that are known]", Arity = ArgumentArity.ZeroOrMore };
        var force = new Option<bool>("--force") { Description = "Fetch also what did not change, and take what is older, or much smaller, than what there is" };
        var update = new Command("update", "Ask publishers for news and fetch it. Each feed is taken whole or not at all. Exit code 1: one could not be had; it stays as it is.") { names, force, _data, _config };
        update.SetAction((parsed, ct) => RunAsync(parsed, "feeds.update", new JsonObject { ["names"] = new JsonArray([.. (parsed.GetValue(names) ?? []).Select(static n => (JsonNode)n)]), ["force"] = parsed.GetValue(force) }, ct));
        return update;
    }

    private Command FeedsImport()
    {
        var directory = new Argument<string>("DIR") { Description = "A directory that mirrors what publishers serve, as docs/feeds.md lays it out; `wharf feeds export` writes one" };
        var force = new Option<bool>("--force") { Description = "Also what is older, or much smaller, than what there is" };
        var import = new Command("import", "Take feeds from a directory: on a host without internet. Each feed is taken whole or not at all. Exit code 1: one was refused.") { directory, force, _data, _config };
        import.SetAction((parsed, ct) => RunAsync(parsed, "feeds.import", new JsonObject { ["directory"] = Path.GetFullPath(parsed.GetValue(directory)!), ["force"] = parsed.GetValue(force) }, ct));
        return import;
    }

    private Command FeedsExport()
    {
        var directory = new Argument<string>("DIR") { Description = "Where to write them" };
        var export = new Command("export", "Write what publishers served to a directory, for `wharf feeds import` and `wharf scan --feeds`.") { directory, _data, _config };
        export.SetAction((parsed, ct) => RunAsync(parsed, "feeds.export", new JsonObject { ["directory"] = Path.GetFullPath(parsed.GetValue(directory)!) }, ct));
        return export;
    }

    private Command StorageMigrate()
    {
        var from = new Argument<string>("FROM") { Description = "A location of the settings (Storage.Locations)" };
        var to = new Argument<string>("TO") { Description = "Another" };
        var remove = new Option<bool>("--remove") { Description = "Take everything away from FROM afterwards that TO has. New blobs must go to TO by then (Storage.Prefer)" };
        var quick = new Option<bool>("--quick") { Description = "Do not read again what the store copied by itself" };
        var dry = new Option<bool>("--dry-run") { Description = "Only count" };
        var rate = Rate();
        var migrate = new Command("migrate", "Copy everything in FROM to TO while the registry serves. Run it again after it was interrupted: it goes on with what is missing. Exit code 1 tells what could not be copied.") { from, to, remove, quick, dry, rate, _data, _config };
        migrate.SetAction((parsed, ct) => RunAsync(parsed, "storage.migrate", new JsonObject
        {
            ["from"] = parsed.GetValue(from),
            ["to"] = parsed.GetValue(to),
            ["remove"] = parsed.GetValue(remove),
            ["quick"] = parsed.GetValue(quick),
            ["dry_run"] = parsed.GetValue(dry),
            ["bytes_per_second"] = parsed.GetValue(rate).Bytes,
        }, ct));
        return migrate;
    }

    private Command StorageVerify()
    {
        var location = new Argument<string?>("LOCATION") { Description = "One location of the settings [default: all]", Arity = ArgumentArity.ZeroOrOne };
        var full = new Option<bool>("--full") { Description = "Read and hash all content; else only what is there is compared, with its size" };
        var rate = Rate();
        var verify = new Command("verify", "Compare what the database says of the locations with what is there. It changes nothing; exit code 1 tells what is missing or damaged.") { location, full, rate, _data, _config };
        verify.SetAction((parsed, ct) => RunAsync(parsed, "storage.verify",
            new JsonObject { ["location"] = parsed.GetValue(location), ["full"] = parsed.GetValue(full), ["bytes_per_second"] = parsed.GetValue(rate).Bytes }, ct));
        return verify;
    }

    private Command StorageAdopt()
    {
        var location = new Argument<string>("LOCATION") { Description = "A location of the settings: the place where Quay has its blobs" };
        var prefix = new Option<string>("--prefix") { Description = "The folder there, Quay's storage_path", HelpName = "FOLDER", DefaultValueFactory = static _ => "datastorage/registry" };
        var verify = new Option<bool>("--verify") { Description = "Read and hash each object before it is taken" };
        var rate = Rate();
        var adopt = new Command("adopt", "Take the blobs of a Quay registry as they lie there, so that a push or a mirror of them stores no bytes. Nothing of Quay's is changed or deleted. Exit code 1 tells what was not taken.") { location, prefix, verify, rate, _data, _config };
        adopt.SetAction((parsed, ct) => RunAsync(parsed, "storage.adopt", new JsonObject
        {
            ["location"] = parsed.GetValue(location),
            ["prefix"] = parsed.GetValue(prefix),
            ["verify"] = parsed.GetValue(verify),
            ["bytes_per_second"] = parsed.GetValue(rate).Bytes,
        }, ct));
        return adopt;
    }

    private static Option<ByteSize> Rate() => new("--bytes-per-second")
    {
        Description = "How fast to read [default: as fast as it goes]",
        HelpName = "SIZE",
        CustomParser = static result =>
        {
            if (ByteSize.TryParse(result.Tokens[0].Value, null, out var size) && size.Bytes >= 1024) return size;
            result.AddError($"--bytes-per-second is a size of at least 1KiB, such as 20MiB, not '{result.Tokens[0].Value}'");
            return default;
        },
    };

    private Command BackUp()
    {
        var directory = new Argument<string>("DIR") { Description = "Where to; with an earlier backup of the same registry, only what is new is copied" };
        var withoutKeys = new Option<bool>("--without-keys") { Description = "Leave the key ring out; then the backup opens no secrets, and a restore needs the ring from elsewhere" };
        var backup = new Command("backup", "Copy the databases, the key ring and all content while the registry serves. For registries without PostgreSQL.") { directory, withoutKeys, _data, _config };
        backup.SetAction((parsed, ct) => RunAsync(parsed, "backup",
            new JsonObject { ["directory"] = Path.GetFullPath(parsed.GetValue(directory)!), ["without_keys"] = parsed.GetValue(withoutKeys) }, ct));
        return backup;
    }

    private Command Restore()
    {
        var directory = new Argument<string>("DIR") { Description = "What 'wharf backup' made" };
        var quick = new Option<bool>("--quick") { Description = "Do not read the content again to verify it" };
        var restore = new Command("restore", "Verify a backup and put it into a new data directory.") { directory, quick, _data, _config };
        restore.SetAction(async (parsed, ct) => await TellAsync(parsed, await AdminClient.RunAloneAsync(Launched(parsed), _wharf, open: false,
            (services, stop) => services.GetRequiredService<Restore>().RunAsync(Path.GetFullPath(parsed.GetValue(directory)!), parsed.GetValue(quick), stop), ct)));
        return restore;
    }

    private async Task<int> PrintVersionAsync(ParseResult parsed)
    {
        await Console.Out.WriteLineAsync(parsed.GetValue(_json)
            ? new JsonObject { ["version"] = BuildInfo.Version, ["commit"] = BuildInfo.Commit }.ToJsonString()
            : $"wharf {BuildInfo.Version} ({BuildInfo.Commit})");
        return 0;
    }

    private async Task<int> RunAsync(ParseResult parsed, string command, JsonObject arguments, CancellationToken ct)
    {
        return await TellAsync(parsed, await AdminClient.RunAsync(Launched(parsed), _wharf, command, arguments, ct));
    }

    private async Task<int> TellAsync(ParseResult parsed, AdminResult result)
    {
        await (parsed.GetValue(_json) ? Console.Out.WriteLineAsync(result.ToJson().ToJsonString())
            : result.Done ? Console.Out.WriteLineAsync(result.Message) : Console.Error.WriteLineAsync(result.Message));
        return result.Done ? 0 : 1;
    }

    private Launch Launched(ParseResult parsed) => new() { Config = parsed.GetValue(_config), Data = parsed.GetValue(_data), Json = parsed.GetValue(_json) };

    private static Role[] ParseRoles(ArgumentResult result)
    {
        var parsed = result.Tokens.Select(t => ScalarValue.Parse(t.Value, typeof(Role), out _)).ToArray();
        var wrong = Array.IndexOf(parsed, null);
        if (wrong >= 0) result.AddError($"--role {ScalarValue.Expected(typeof(Role))}, not '{result.Tokens[wrong].Value}'");
        return [.. parsed.OfType<Role>()];
    }

    private static void RefuseOtherThanAddresses(IEnumerable<string> values, Action<string> refuse)
    {
        foreach (var value in values.Where(v => ListenAddress.Parse(v) is null)) refuse($"'{value}' is not an address to listen on: {ListenAddress.Expected}");
    }

    private sealed class ExamplesHelp(HelpAction help, string examples) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is RootCommand) parseResult.InvocationConfiguration.Output.WriteLine(examples);
            return code;
        }
    }

    private sealed class Asynchronous(Func<ParseResult, CancellationToken, Task<int>> run) : AsynchronousCommandLineAction
    {
        public override Task<int> InvokeAsync(ParseResult parseResult, CancellationToken cancellationToken = default) => run(parseResult, cancellationToken);
    }
}
