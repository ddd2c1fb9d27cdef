using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Wharf.Tests.Hosting;

/// <summary>The program as users start it: ./wharf in a process of its own, with its own directory.</summary>
internal sealed partial class RunningWharf : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private RunningWharf(Process process, TemporaryDirectory directory) => (_process, Directory) = (process, directory);

    public TemporaryDirectory Directory { get; }

    public string Data => Directory.File("data");

    public Uri Url { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public int Pid => _process.Id;

    public TimeSpan TookToStart { get; private set; }

    public string Errors
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

    /// <summary>Starts <c>./wharf serve</c> on a free port and waits until it is ready.</summary>
    /// <param name="descriptors">The most file descriptors that the process may have.</param>
    public static async Task<RunningWharf> StartAsync(string[]? arguments = null, (string Name, string Value)[]? environment = null, TemporaryDirectory? directory = null, int? descriptors = null)
    {
        directory ??= new TemporaryDirectory();
        string[] listen = arguments?.Contains("--listen") == true ? [] : ["--listen", "http://127.0.0.1:0"];
        string[] data = arguments?.Contains("--data") == true ? [] : ["--data", directory.File("data")];
        var began = Stopwatch.GetTimestamp();
        var process = Launch(["serve", .. data, .. listen, .. arguments ?? []], environment ?? [], directory.Path, descriptors);
        var wharf = new RunningWharf(process, directory);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            lock (wharf._errors) wharf._errors.Append(line.Data).Append('\n');
        };
        process.BeginErrorReadLine();

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(3)); // the first start builds
        Match ready;
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(deadline.Token);
            ready = ReadyLine().Match(line ?? "");
        }
        while (!ready.Success && line is not null);
        wharf.TookToStart = Stopwatch.GetElapsedTime(began);
        if (!ready.Success)
        {
            await process.WaitForExitAsync(deadline.Token);
            Assert.Fail($"It did not start: {line}\n{wharf.Errors}");
        }

        wharf.Url = new Uri(ready.Groups["url"].Value);
        wharf.Client = new HttpClient { BaseAddress = wharf.Url };
        return wharf;
    }

    /// <summary>Runs <c>./wharf</c> to its end.</summary>
    public static async Task<Finished> RunAsync(string[] arguments, string directory, (string Name, string Value)[]? environment = null, string input = "")
    {
        using var process = Launch(arguments, environment ?? [], directory);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(deadline.Token);
        return new Finished(process.ExitCode, await output, await errors);
    }

    /// <summary>An HTTP client that talks through the socket in the data directory.</summary>
    public HttpClient AdminClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, ct) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Data, "wharf.sock")), ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://localhost") };

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{Pid}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end and answers the exit code.</summary>
    public async Task<int> ExitAsync(int seconds = 20)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Directory.Dispose();
    }

    private static Process Launch(string[] arguments, (string Name, string Value)[] environment, string directory, int? descriptors = null)
    {
        var program = Path.Combine(SourceTree.Root, "wharf");
        string[] line = descriptors is { } most ? ["prlimit", $"--nofile={most}:{most}", program, .. arguments] : [program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    [GeneratedRegex("^Wharf is ready at (?<url>https?://\\S+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex ReadyLine();
}
