using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wharf.Server.Hosting.Logs;

namespace Wharf.Tests.Hosting;

public sealed class LogTests
{
    private static readonly DateTimeOffset s_at = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void Json_lines_hold_everything_a_program_looks_for()
    {
        var line = JsonLine.Format(new LogEntry(s_at, LogLevel.Warning, "Content", "Stored 7 \"ä\"\nbytes", [new("Count", 7), new("Name", "x"), new("{OriginalFormat}", "Stored")], "00ff", new InvalidOperationException("why")));
        var json = JsonNode.Parse(line)!;

        Assert.Equal(1, line.Count(c => c == '\n'));
        Assert.Equal(("2026-01-02T03:04:05.678Z", "warn", "Content", "Stored 7 \"ä\"\nbytes", "00ff"), ((string?)json["at"], (string?)json["level"], (string?)json["category"], (string?)json["message"], (string?)json["request"]));
        Assert.Equal("""{"Count":7,"Name":"x"}""", json["values"]!.ToJsonString());
        Assert.Contains("why", (string?)json["fault"], StringComparison.Ordinal);
    }

    [Fact]
    public void Text_lines_cannot_be_forged_and_cannot_command_the_terminal()
    {
        var line = TextLine.Format(new LogEntry(s_at, LogLevel.Information, "Access", "GET /a\r\n12:00:00 error forged\u001b[2J\u009b\u2028\u202e", null, "00ff", null), color: false);

        Assert.EndsWith(" info  Access: GET /a\\u000d\\u000a12:00:00 error forged\\u001b[2J\\u009b\\u2028\\u202e [00ff]\n", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData(LogLevel.Information, "Wharf.Server.Content.Blobs", LogLevel.Debug, false)]
    [InlineData(LogLevel.Information, "Wharf.Server.Content.Blobs", LogLevel.Information, true)]
    [InlineData(LogLevel.Information, "Microsoft.AspNetCore.Hosting", LogLevel.Information, false)]
    [InlineData(LogLevel.Trace, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information, false)]
    [InlineData(LogLevel.Trace, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Error, true)]
    [InlineData(LogLevel.Information, "Microsoft.AspNetCore.Hosting", LogLevel.Warning, true)]
    [InlineData(LogLevel.Debug, "Microsoft.AspNetCore.Hosting", LogLevel.Debug, true)]
    [InlineData(LogLevel.None, "Wharf.Server.Content.Blobs", LogLevel.Critical, false)]
    public void The_level_decides_and_the_framework_is_quieter(LogLevel setting, string category, LogLevel level, bool written)
    {
        using var to = new MemoryStream();
        using var writer = new LogWriter(to, setting, entry => entry.Message, TimeProvider.System);

        writer.CreateLogger(category).Log(level, default, "said", null, (text, _) => text);

        Assert.Equal(written, to.Length > 0);
    }

    [Fact]
    public async Task Without_a_terminal_every_line_is_json_with_the_request_id()
    {
        await using var wharf = await RunningWharf.StartAsync(environment: [("WHARF__Logging__AccessLog", "true")]);

        using var answer = await wharf.Client.GetAsync("/health/live", TestContext.Current.CancellationToken);
        await Eventually.IsTrueAsync(() => Task.FromResult(wharf.Errors.Contains("/health/live", StringComparison.Ordinal)), "the access log has the request");

        var line = JsonNode.Parse(wharf.Errors.Split('\n').First(l => l.Contains("/health/live", StringComparison.Ordinal)))!;
        Assert.Equal(answer.Headers.GetValues("X-Request-Id").Single(), (string?)line["request"]);
        Assert.Equal(200, (int)line["values"]!["Status"]!);
    }
}
