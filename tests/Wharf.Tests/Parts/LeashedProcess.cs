using System.Diagnostics;

namespace Wharf.Tests.Parts;

/// <summary>A program that runs until it is disposed, or until this process ends in whatever way: a shell holds the other end of a pipe and kills it then.</summary>
internal sealed class LeashedProcess : IAsyncDisposable
{
    private const string Leash = """
        exec 3<&0 2>/dev/null
        log=$1; shift
        "$@" </dev/null >>"$log" 2>&1 3<&- & program=$!
        { read -r _ <&3; kill -KILL $program; } & watcher=$!
        wait $program
        kill $watcher
        """;

    private readonly Process _shell;
    private readonly string _log;

    private LeashedProcess(Process shell, string log) => (_shell, _log) = (shell, log);

    /// <summary>Starts a program; what it prints is appended to the log.</summary>
    public static LeashedProcess Start(string log, string program, params string[] arguments) =>
        new(Process.Start(new ProcessStartInfo("bash", ["-c", Leash, "leash", log, program, .. arguments]) { RedirectStandardInput = true })!, log);

    /// <summary>Waits until it answers on a port.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> isReady, TimeSpan deadline)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await isReady())
        {
            Assert.False(_shell.HasExited, $"It ended at once. {Tail()}");
            Assert.True(Stopwatch.GetElapsedTime(began) < deadline, $"Not ready within {deadline.TotalSeconds} s. {Tail()}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync(CancellationToken.None);
        _shell.Dispose();
    }

    private string Tail() => File.Exists(_log) ? $"{_log}: {string.Join('\n', File.ReadLines(_log).TakeLast(20))}" : "It printed nothing.";
}
