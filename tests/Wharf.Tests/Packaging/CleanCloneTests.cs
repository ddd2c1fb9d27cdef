using System.Diagnostics;

namespace Wharf.Tests.Packaging;

/// <summary>CI builds a fresh clone itself, but with the packages that are there.</summary>
public sealed class CleanCloneTests
{
    [Fact, Trait("Speed", "Long")]
    public async Task A_clean_clone_with_an_empty_package_cache_builds_without_a_warning()
    {
        var folder = Directory.CreateTempSubdirectory("wharf-clone-").FullName;
        var packages = Path.Combine(folder, "packages");
        try
        {
            await RunAsync(folder, packages, "git", "clone", "--quiet", "--no-hardlinks", SourceTree.Root, Path.Combine(folder, "wharf"));
            // Servers of an earlier build would keep files of this one open after its end.
            var built = await RunAsync(Path.Combine(folder, "wharf"), packages, "dotnet", "build", "-c", "Release", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false");

            Assert.Matches(@"(?m)^\s+0 Warning\(s\)", built);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string directory, string packages, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NUGET_PACKAGES"] = packages;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(10));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}\n{await output}\n{await error}");
            return await output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
