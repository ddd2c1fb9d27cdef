using System.CommandLine;
using System.Text.Json.Nodes;
using Wharf.Server.Hosting;

namespace Wharf.Server.Bench;

/// <summary><c>wharf bench URL</c>: loads any registry and tells how it did.</summary>
internal static class BenchCommand
{
    private const int NegativeAnswer = 1;
    private const int Error = 2;

    public static Command Create(Option<bool> json)
    {
        var url = new Argument<string>("URL") { Description = "The registry, such as http://127.0.0.1:8080" };
        var user = new Option<string>("--user") { Description = "Who signs in; the password is read from standard input", HelpName = "NAME" };
        var space = new Option<string>("--namespace") { Description = "Where repositories are made [default: the user's own, else bench]", HelpName = "NAME" };
        var clients = new Option<int>("--clients") { Description = "Clients at a time", DefaultValueFactory = _ => 8 };
        var seconds = new Option<int>("--seconds") { Description = "The most that one workload takes", DefaultValueFactory = _ => 5 };
        var pid = new Option<int?>("--pid") { Description = "The server's process on this machine: tells its CPU time and memory too", HelpName = "PID" };
        var workloads = new Option<string[]>("--workload") { Description = "Only this one, repeatable: " + string.Join(", ", BenchRun.Names), HelpName = "NAME" };
        clients.Validators.Add(r => Within(r, clients, 1, 256));
        seconds.Validators.Add(r => Within(r, seconds, 1, 600));
        foreach (var name in BenchRun.Names)
            workloads.CompletionSources.Add(name);
        workloads.Validators.Add(r =>
        {
            foreach (var token in r.Tokens.Where(t => !BenchRun.Names.Contains(t.Value)))
                r.AddError($"There is no workload '{token.Value}'; there are {string.Join(", ", BenchRun.Names)}.");
        });
        var command = new Command("bench", "Load a registry for a bounded time and print what it did. It keeps what was pushed.") { url, user, space, clients, seconds, pid, workloads };
        command.SetAction(async (parsed, ct) =>
        {
            if (!Uri.TryCreate(parsed.GetValue(url) + "/", UriKind.Absolute, out var registry) || registry.Scheme is not ("http" or "https"))
                return await FailAsync("URL is an address such as http://127.0.0.1:8080.", Error);
            var name = parsed.GetValue(user);
            var password = name is null ? null : await Password.ReadAsync(ct);
            var options = new BenchOptions(registry, name, password, parsed.GetValue(space) ?? name ?? "bench",
                parsed.GetValue(clients), parsed.GetValue(seconds), parsed.GetValue(pid), parsed.GetValue(workloads) ?? []);
            return await RunAsync(options, parsed.GetValue(json), ct);
        });
        return command;
    }

    private static async Task<int> RunAsync(BenchOptions options, bool json, CancellationToken ct)
    {
        var all = new JsonArray();
        try
        {
            using var run = new BenchRun(options);
            if (!json)
                await Console.Out.WriteLineAsync(WorkloadResult.Head);
            await foreach (var result in run.RunAsync(ct))
            {
                all.Add(new JsonObject
                {
                    ["workload"] = result.Name,
                    ["operations"] = result.Operations,
                    ["per_second"] = result.PerSecond,
                    ["mib_per_second"] = result.MiBPerSecond,
                    ["p50_ms"] = result.P50Ms,
                    ["p99_ms"] = result.P99Ms,
                    ["cpu_ms_per_operation"] = result.CpuMs,
                    ["peak_bytes"] = result.PeakBytes,
                });
                if (!json)
                    await Console.Out.WriteLineAsync(result.ToString());
            }
        }
        catch (Exception e) when (e is BenchException or HttpRequestException or IOException or ArgumentException)
        {
            return await FailAsync(e.Message, NegativeAnswer);
        }
        if (json)
            await Console.Out.WriteLineAsync(all.ToJsonString());
        return 0;
    }

    private static async Task<int> FailAsync(string message, int code)
    {
        await Console.Error.WriteLineAsync($"wharf: {message}");
        return code;
    }

    private static void Within(System.CommandLine.Parsing.OptionResult result, Option<int> option, int least, int most)
    {
        if (result.GetValue(option) is var value && (value < least || value > most))
            result.AddError($"{option.Name} is a number from {least} to {most}.");
    }
}
