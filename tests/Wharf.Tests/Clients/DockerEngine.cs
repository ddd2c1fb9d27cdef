using System.Diagnostics;

namespace Wharf.Tests.Clients;

/// <summary>
/// A Docker engine of the tests' own: Debian's dockerd with its socket, images and state in a temporary directory, without bridge and iptables.
/// Addresses of 127.0.0.0/8 are plain HTTP to it, as they are to any Docker engine.
/// </summary>
public sealed class DockerEngine : IAsyncLifetime
{
    private readonly ClientHome _home = new();
    private Process? _engine;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_home.At("daemon.json"), $$"""
            {
              "data-root": "{{_home.At("data")}}", "exec-root": "{{_home.At("exec")}}", "pidfile": "{{_home.At("pid")}}", "hosts": ["unix://{{Socket}}"],
              "iptables": false, "ip6tables": false, "bridge": "none", "storage-driver": "overlay2"
            }
            """);
        var start = new ProcessStartInfo("bash") { WorkingDirectory = _home.Root };
        foreach (var argument in (string[])["-c", "exec dockerd --config-file \"$1\" > \"$2\" 2>&1", "dockerd", _home.At("daemon.json"), _home.At("log")])
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["PATH"] = _home.Variables["PATH"];
        _engine = Process.Start(start)!;

        _home.Variables["DOCKER_HOST"] = $"unix://{Socket}";
        var waiting = Stopwatch.StartNew();
        while ((await _home.StartAsync(["docker", "version"], input: null)).ExitCode != 0)
        {
            if (_engine.HasExited || waiting.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException($"dockerd did not become ready.\n{await File.ReadAllTextAsync(_home.At("log"))}");
            }
            await Task.Delay(100);
        }
    }

    /// <summary>Points the docker command of a home at this engine.</summary>
    public void Serve(ClientHome home) => home.Variables["DOCKER_HOST"] = $"unix://{Socket}";

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            using (_engine)
            {
                _engine.Terminate();
                await _engine.WaitForExitAsync();
            }
        }
        await _home.DisposeAsync();
    }

    private string Socket => _home.At("docker.sock");
}
