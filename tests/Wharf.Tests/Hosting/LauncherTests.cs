using System.Diagnostics;
using System.Globalization;

namespace Wharf.Tests.Hosting;

/// <summary>Times and memory of a start are those of a machine that does nothing else: these run when the others are through.</summary>
[CollectionDefinition(nameof(LauncherTests), DisableParallelization = true)]
[Collection(nameof(LauncherTests))]
public sealed class LauncherTests
{
    [Fact]
    public async Task The_process_that_the_launcher_started_as_is_the_server()
    {
        await using var wharf = await RunningWharf.StartAsync();

        Assert.EndsWith("/wharf", File.ResolveLinkTarget($"/proc/{wharf.Pid}/exe", returnFinalTarget: false)!.FullName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_works_through_a_symbolic_link_from_any_directory_with_paths_of_the_caller()
    {
        using var directory = new TemporaryDirectory();
        File.CreateSymbolicLink(directory.File("anchor"), Path.Combine(SourceTree.Root, "wharf"));

        var finished = await RunAsync(directory.File("anchor"), ["serve", "--config", "here.yaml"], directory.Path);

        Assert.Equal((2, "wharf: here.yaml: cannot be read: Could not find file '" + directory.File("here.yaml") + "'.\n"), (finished.Code, finished.Errors));
    }

    [Fact]
    public async Task A_built_tree_needs_no_sdk()
    {
        using var directory = new TemporaryDirectory();
        await RunningWharf.RunAsync(["version"], directory.Path);
        using var runtime = RuntimeWithoutSdk();

        var finished = await RunningWharf.RunAsync(["version"], directory.Path, [("DOTNET_ROOT", runtime.Path), ("PATH", "/usr/bin:/bin")]);

        Assert.Equal((0, ""), (finished.Code, finished.Errors));
    }

    [Fact]
    public async Task A_tree_that_is_not_built_says_what_to_install_when_there_is_no_sdk()
    {
        using var copy = SourcesOnly();
        using var runtime = RuntimeWithoutSdk();

        var finished = await RunAsync(copy.File("wharf"), ["version"], copy.Path, ("DOTNET_ROOT", runtime.Path));

        Assert.Equal(2, finished.Code);
        Assert.Contains("Install the package dotnet-sdk-10.0", finished.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copied_tree_is_not_built_again_and_a_changed_one_is()
    {
        using var copy = SourcesOnly();
        using var runtime = RuntimeWithoutSdk();
        await RunningWharf.RunAsync(["version"], copy.Path);
        Run("cp", "-r", Path.Combine(SourceTree.Root, "artifacts/wharf"), copy.File("artifacts-wharf"));
        Directory.CreateDirectory(copy.File("artifacts"));
        Directory.Move(copy.File("artifacts-wharf"), copy.File("artifacts/wharf"));

        // All time stamps differ from those of the build; no SDK could build.
        var copied = await RunAsync(copy.File("wharf"), ["version"], copy.Path, ("DOTNET_ROOT", runtime.Path));
        Assert.Equal((0, ""), (copied.Code, copied.Errors));

        File.Delete(copy.File("src/Wharf.Server/Hosting/Role.cs"));
        var changed = await RunAsync(copy.File("wharf"), ["version"], copy.Path, ("DOTNET_ROOT", runtime.Path));
        Assert.Equal((0, "wharf: the sources changed since the last build and the .NET SDK is not here: running the last build.\n"), (changed.Code, changed.Errors));
    }

    [Fact]
    public async Task Without_a_runtime_it_says_what_to_install()
    {
        using var directory = new TemporaryDirectory();
        // Everything it looks at, but not the places where a runtime may be installed.
        using var nothing = new TemporaryDirectory();
        var script = (await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "wharf"), TestContext.Current.CancellationToken))
            .Replace(" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet", "", StringComparison.Ordinal);
        directory.Write("wharf", script);
        Run("chmod", "+x", directory.File("wharf"));
        foreach (var tool in new[] { "bash", "env", "readlink", "xargs", "dirname" }) File.CreateSymbolicLink(nothing.File(tool), Which(tool));

        var finished = await RunAsync(directory.File("wharf"), ["version"], directory.Path, ("PATH", nothing.Path), ("HOME", nothing.Path), ("DOTNET_ROOT", ""));

        Assert.Equal(2, finished.Code);
        Assert.Contains("Install the package aspnetcore-runtime-10.0", finished.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_built_tree_with_an_empty_data_directory_it_is_ready_at_once()
    {
        using var directory = new TemporaryDirectory();
        await RunningWharf.RunAsync(["version"], directory.Path);
        var times = new List<TimeSpan>();

        // The best of five is what the program costs: half a second on a quiet machine (docs/performance.md), and some are slower.
        for (var i = 0; i < 5; i++)
        {
            await using var wharf = await RunningWharf.StartAsync();
            times.Add(wharf.TookToStart);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(' ', times.Select(t => t.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture))));
        Assert.True(times.Min() < TimeSpan.FromSeconds(3), $"{times.Min()}");
    }

    [Fact]
    public async Task An_idle_server_takes_less_than_120_megabytes()
    {
        await using var wharf = await RunningWharf.StartAsync();
        await wharf.Client.GetStringAsync("/health/ready", TestContext.Current.CancellationToken);

        var resident = (await File.ReadAllLinesAsync($"/proc/{wharf.Pid}/status", TestContext.Current.CancellationToken)).First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));

        Assert.True(long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) < 120 * 1024, resident);
    }

    private static TemporaryDirectory SourcesOnly()
    {
        var copy = new TemporaryDirectory();
        foreach (var name in new[] { "wharf", "src", "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig", "global.json" })
        {
            Run("cp", "-r", Path.Combine(SourceTree.Root, name), copy.File(name));
        }
        // Without what npm has installed.
        Run("sh", "-c", $"tar -C '{SourceTree.Root}' -c --exclude=node_modules --exclude=schema.d.ts web openapi | tar -C '{copy.Path}' -x");
        return copy;
    }

    // The installed runtime beside no sdk/ folder.
    private static TemporaryDirectory RuntimeWithoutSdk()
    {
        var runtime = new TemporaryDirectory();
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../.."));
        foreach (var name in new[] { "dotnet", "host", "shared" }) File.CreateSymbolicLink(runtime.File(name), Path.Combine(root, name));
        return runtime;
    }

    private static string Which(string tool) => new[] { "/usr/bin", "/bin" }.Select(d => Path.Combine(d, tool)).First(File.Exists);

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task<Finished> RunAsync(string program, string[] arguments, string directory, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Finished(process.ExitCode, await output, await errors);
    }
}
