using System.CommandLine;
using Wharf.Scanner;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Reports;
using Wharf.Scanner.Sboms;
using Wharf.Scanner.Targets;

namespace Wharf.Server.Security.Scans;

/// <summary><c>wharf scan TARGET</c>: what is installed in an image, a directory or an SBOM, and what is vulnerable of it. It needs no server.</summary>
internal static class ScanCommand
{
    private const int Found = 1;
    private const int Error = 2;

    public static Command Create()
    {
        var target = new Argument<string>("TARGET") { Description = "registry:HOST/NAME[:TAG|@DIGEST], oci:DIR[:TAG], archive:FILE[:TAG] (docker save, or a tar of an OCI layout), dir:PATH, or sbom:FILE (CycloneDX or SPDX)" };
        var format = new Option<ReportFormat>("--format") { Description = "table, json, sarif, cyclonedx or spdx", HelpName = "FORMAT", DefaultValueFactory = static _ => ReportFormat.Table };
        var feeds = new Option<string>("--feeds") { Description = "A directory of feeds as publishers serve them (docs/feeds.md) [default: what the server of --data has]", HelpName = "DIR" };
        var data = new Option<string>("--data") { Description = "The data directory of a server, whose feeds are used [default: ./wharf-data]", HelpName = "DIR" };
        var failOn = new Option<Severity?>("--fail-on") { Description = "Exit code 1 when there is a finding of this severity or a worse one", HelpName = "SEVERITY" };
        var platform = new Option<string>("--platform") { Description = "Which image of an index: os/architecture[/variant] [default: linux on this machine's processor]", HelpName = "PLATFORM" };
        var plainHttp = new Option<bool>("--plain-http") { Description = "Ask the registry without TLS; always so for localhost" };
        platform.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && Platform.Parse(token.Value) is null)
                r.AddError($"--platform is os/architecture or os/architecture/variant, not '{token.Value}'.");
        });
        var command = new Command("scan", "Tell what is vulnerable in an image, a directory or an SBOM. It needs no server and no network but the registry's.") { target, format, feeds, data, failOn, platform, plainHttp };
        command.SetAction((parsed, ct) => RunAsync(
            parsed.GetValue(target)!, parsed.GetValue(format), parsed.GetValue(feeds), parsed.GetValue(data) ?? "wharf-data", parsed.GetValue(failOn),
            parsed.GetValue(platform) is { } named ? Platform.Parse(named)! : Platform.Here, parsed.GetValue(plainHttp), ct));
        return command;
    }

    private static async Task<int> RunAsync(string target, ReportFormat format, string? feeds, string data, Severity? failOn, Platform platform, bool plainHttp, CancellationToken ct)
    {
        try
        {
            var isTerminal = !Console.IsErrorRedirected;
            Action<string>? progress = isTerminal ? static text => Console.Error.WriteLine(text) : null;
            using var set = new FeedSet(feeds is null ? OfServer(data) : OfDirectory(feeds, progress));
            var inventory = await ReadAsync(target, platform, plainHttp, progress, ct);
            var result = new Matcher(set).Match(inventory);
            var report = new ScanReport(target, inventory, [.. set.Revisions.Select(static r => r.Info)], result);
            await using (var output = Console.OpenStandardOutput())
                ReportWriter.Write(report, format, output, TimeProvider.System.GetUtcNow(), colour: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null);
            return failOn is { } least && result.Findings.Any(f => f.Severity >= least) ? Found : 0;
        }
        catch (Exception e) when (e is TargetException or LayerException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"wharf: {e.Message}");
            return Error;
        }
    }

    private static async Task<Inventory> ReadAsync(string target, Platform platform, bool plainHttp, Action<string>? progress, CancellationToken ct)
    {
        var colon = target.IndexOf(':');
        var (kind, rest) = colon < 0 ? ("", target) : (target[..colon], target[(colon + 1)..]);
        switch (kind)
        {
            case "registry":
                var (image, top) = await RegistryImage.FindAsync(rest, plainHttp, ct);
                using (image)
                    return await ImageReader.ReadAsync(image, top, platform, IndexLimits.Default, progress, ct);
            case "oci":
                var (directory, tag) = Split(rest, Directory.Exists);
                var layout = OciLayout.Of(directory);
                return await ImageReader.ReadAsync(layout, layout.Top(tag, platform), platform, IndexLimits.Default, progress, ct);
            case "archive":
                var (file, named) = Split(rest, File.Exists);
                return await new ImageArchive(file).ReadAsync(named, platform, IndexLimits.Default, progress, ct);
            case "dir":
                return RootDirectory.Read(rest, IndexLimits.Default, ct);
            case "sbom":
                await using (var sbom = File.OpenRead(rest))
                    return SbomReader.Read(sbom);
            default:
                throw new TargetException($"'{target}' does not say what it is: registry:HOST/NAME:TAG, oci:DIR, archive:FILE, dir:PATH or sbom:FILE.");
        }
    }

    // A path may have colons itself.
    private static (string Path, string? Tag) Split(string text, Func<string, bool> exists) =>
        !exists(text) && text.LastIndexOf(':') is > 0 and var colon && exists(text[..colon]) ? (text[..colon], text[(colon + 1)..]) : (text, null);

    private static IReadOnlyList<FeedRevision> OfDirectory(string directory, Action<string>? progress)
    {
        if (!Directory.Exists(directory))
            throw new TargetException($"{directory} is no directory of feeds.");
        var cache = Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } kept ? kept : Path.GetTempPath(), "wharf", "feeds");
        try
        {
            Directory.CreateDirectory(cache);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cache = Path.Join(Path.GetTempPath(), "wharf-feeds");
        }
        var revisions = new FeedDirectory(directory, cache).Open(progress);
        return revisions.Count > 0 ? revisions : throw new TargetException($"{directory} has no file in the layout of docs/feeds.md, such as osv/PyPI/all.zip or debian/json.");
    }

    // A server keeps each compiled revision as a file, and for a while the one before.
    private static List<FeedRevision> OfServer(string data)
    {
        var directory = Path.Join(data, "feeds", "compiled");
        if (!Directory.Exists(directory))
            throw new TargetException($"Nothing is known of vulnerabilities: name a directory of feeds with --feeds, or a server's data directory with --data ({data} has no feeds).");
        var newest = new Dictionary<string, FeedRevision>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(directory, "*.feed"))
        {
            var revision = FeedRevision.Open(file);
            if (newest.TryGetValue(revision.Info.Name, out var other) && other.Info.Date >= revision.Info.Date)
            {
                revision.Dispose();
                continue;
            }
            other?.Dispose();
            newest[revision.Info.Name] = revision;
        }
        return [.. newest.Values];
    }
}
