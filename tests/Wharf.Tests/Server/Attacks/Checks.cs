namespace Wharf.Tests.Server.Attacks;

/// <summary>What all checks of attacks share: the registry under attack, and its user.</summary>
internal abstract class Checks(AttackedRegistry registry)
{
    protected AttackedRegistry Registry => registry;

    protected HttpClient Client => registry.UserClient;

    protected HttpClient Anonymous => registry.Anonymous;

    protected string User => registry.User.Name;

    protected string Authorization => "Authorization: " + Requests.Basic(registry.User.Name, registry.User.Password).Value;

    /// <summary>Sends a request as the user, with the target as it is.</summary>
    protected Task<RawAnswer> RawAsync(string method, string target, params string[] headers) => RawHttp.RequestAsync(registry.Url, method, target, [Authorization, .. headers]);

    /// <summary>Fails unless the server, asked on a new connection, answers within two seconds.</summary>
    protected async Task AnswersOthersAsync() => Assert.Equal(200, (await Timed.WithinAsync(TimeSpan.FromSeconds(2), () => RawAsync("GET", "/v2/"))).Status);

    protected static void IsClientError(RawAnswer answer, string what) =>
        Assert.True(answer.Status is >= 400 and < 500, $"{what}: expected 4xx, got {answer.Status}: {answer.Text}");

    protected static void IsOneOf(Answer answer, params int[] statuses) =>
        Assert.True(statuses.Contains((int)answer.Status), $"Expected one of {string.Join(", ", statuses)}, got {(int)answer.Status}: {answer.Text}");

    protected static void IsOneOf(RawAnswer answer, params int[] statuses) =>
        Assert.True(statuses.Contains(answer.Status), $"Expected one of {string.Join(", ", statuses)}, got {answer.Status}: {answer.Text}");
}
