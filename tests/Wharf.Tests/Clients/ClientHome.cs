using System.Diagnostics;
using System.Security.Cryptography;

namespace Wharf.Tests.Clients;

/// <summary>
/// A home directory of its own for client programs: credentials, configuration and image stores of one test are no other's.
/// Programs run as a person would run them, with a time limit, and are found where tests/setup/install.sh puts them, else on the PATH.
/// </summary>
public sealed class ClientHome : IAsyncDisposable
{
    private static readonly string Bin = Path.Combine(
        Environment.GetEnvironmentVariable("WHARF_TEST_CACHE") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "wharf-tests"), "bin");

    public ClientHome()
    {
        Directory.CreateDirectory(At(".config/containers"));
        Directory.CreateDirectory(At("run"));
        Directory.CreateDirectory(At("tmp"));
        File.WriteAllText(At(".config/containers/policy.json"), """{"default":[{"type":"insecureAcceptAnything"}]}""");
        File.WriteAllText(At("auth.json"), """{"auths":{}}"""); // podman wants the file to be there
        File.WriteAllText(At("registries.conf"), "unqualified-search-registries = []\n");
        // No systemd and no journal where the tests run
        File.WriteAllText(At("containers.conf"), "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n");
        Variables["HOME"] = Root;
        Variables["TMPDIR"] = At("tmp");
        Variables["XDG_RUNTIME_DIR"] = At("run");
        Variables["REGISTRY_AUTH_FILE"] = At("auth.json");
        Variables["CONTAINERS_REGISTRIES_CONF"] = At("registries.conf");
        Variables["CONTAINERS_CONF"] = At("containers.conf");
        Variables["PATH"] = $"{Bin}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin";
    }

    /// <summary>In lower case, for podman takes the path of a layout for a repository name.</summary>
    public string Root { get; } = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "wharf-client-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)))).FullName;

    /// <summary>What the programs find in their environment; nothing of the test run's own but this reaches them.</summary>
    public IDictionary<string, string> Variables { get; } = new Dictionary<string, string>();

    /// <summary>How long one program may run.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Absolute path of a file in this home.</summary>
    public string At(string path) => Path.Combine(Root, path);

    /// <summary>Runs a program that must succeed, and answers its standard output.</summary>
    public async Task<string> RunAsync(params string[] command)
    {
        var run = await StartAsync(command, input: null);
        Assert.True(run.ExitCode == 0, run.ToString());
        return run.Output;
    }

    /// <summary>As <see cref="RunAsync"/>, with text on standard input.</summary>
    public async Task<string> RunWithInputAsync(string input, params string[] command)
    {
        var run = await StartAsync(command, input);
        Assert.True(run.ExitCode == 0, run.ToString());
        return run.Output;
    }

    /// <summary>Runs a program that must fail, and answers what it said on standard output and error.</summary>
    public async Task<string> RefusedAsync(params string[] command)
    {
        var run = await StartAsync(command, input: null);
        Assert.True(run.ExitCode != 0, run.ToString());
        return run.Output + run.Error;
    }

    /// <summary>Runs a program to its end, whatever that is.</summary>
    public async Task<ClientRun> StartAsync(IReadOnlyList<string> command, string? input)
    {
        var start = new ProcessStartInfo(Find(command[0]))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Root,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment.Clear();
        foreach (var (key, value) in Variables)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new ClientRun(string.Join(' ', command), process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', command)} did not end within {Limit.TotalSeconds} s.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // rm, for image stores hold names that are not UTF-8 and folders without write permission
        using var remove = Process.Start("rm", ["-rf", "--one-file-system", Root]);
        await remove.WaitForExitAsync(CancellationToken.None);
    }

    private string Find(string program) =>
        Variables["PATH"].Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"{program} is not installed: run tests/setup/install.sh");
}
