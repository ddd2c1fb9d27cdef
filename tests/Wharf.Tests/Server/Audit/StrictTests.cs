namespace Wharf.Tests.Server.Audit;

/// <summary>In the strict mode a pull that was answered is in the trail, whatever happens next.</summary>
public sealed class StrictTests
{
    public sealed class StrictRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Audit:Strict"] = "true", ["Audit:FlushMs"] = "1000" };
    }

    [Fact]
    public async Task A_server_that_is_killed_after_its_answer_has_the_pull_in_its_trail()
    {
        await using var registry = await Registry.StartAsync<StrictRegistry>();
        await registry.Client.PushImageAsync("admin/app", "v1");
        (await registry.Client.ReadAsync("/v2/admin/app/manifests/v1")).Is(200);

        await registry.KillAsync();
        await registry.RestartAsync();

        var logs = (await registry.Client.ReadAsync("/api/v1/user/logs?kinds=pull_repo")).Is(200).Json.GetProperty("logs");
        Assert.Equal(1, logs.GetArrayLength());
    }
}
