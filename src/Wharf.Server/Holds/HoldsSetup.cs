using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;

namespace Wharf.Server.Holds;

internal static class HoldsSetup
{
    private const int MostShown = 500;

    public static void AddHolds(this WebApplicationBuilder builder) => builder.Services.AddSingleton<HoldStore>().AddSingleton<IChangeRule, HoldRule>()
        .AddSingleton(new AdminCommand("hold.list", ListAsync))
        .AddSingleton(new AdminCommand("hold.set", SetAsync))
        .AddSingleton(new AdminCommand("hold.lift", LiftAsync));

    private static async Task<AdminResult> ListAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var lifted = arguments.TryGetProperty("lifted", out var given) && given.GetBoolean();
        var holds = await services.GetRequiredService<HoldStore>().ListAsync(0, lifted, "", MostShown, ct);
        var text = new StringBuilder(holds.Count == 0 ? "There is no hold." : "");
        foreach (var hold in holds)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{hold.Id}  {Place(hold)}, set {Time(hold.SetMs)} by {hold.SetBy ?? "the operator"}{(hold.LiftedMs is { } ms ? $", lifted {Time(ms)} by {hold.LiftedBy ?? "the operator"}" : "")}: {hold.Reason}{(hold.CaseReference.Length > 0 ? $" ({hold.CaseReference})" : "")}");
        return new AdminResult(true, text.ToString().TrimEnd(), new JsonObject { ["holds"] = new JsonArray([.. holds.Select(static h => JsonSerializer.SerializeToNode(HoldsApi.Show(h, readsReason: true), HoldsJson.Default.ShownHold))]) });
    }

    private static async Task<AdminResult> SetAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        if (!TryTarget(arguments.GetProperty("target").GetString() ?? "", out var target))
            return new AdminResult(false, "Say what: ORGANIZATION, ORGANIZATION/REPOSITORY, ORGANIZATION/REPOSITORY:TAG, person:NAME, or audit:FROM..TO with days such as 2026-01-31 or times such as 2026-01-31T12:00:00Z.");
        var reason = arguments.GetProperty("reason").GetString() ?? "";
        var caseReference = arguments.TryGetProperty("case", out var given) ? given.GetString() ?? "" : "";
        if (HoldsApi.Wrong(reason, caseReference) is { } wrong)
            return new AdminResult(false, wrong);
        var outcome = await services.GetRequiredService<HoldStore>().SetAsync(0, 0, target, reason, caseReference, ct);
        return outcome.Problem is null
            ? new AdminResult(true, $"The hold {outcome.Id} is set. A superuser lifts it.", new JsonObject { ["id"] = outcome.Id })
            : new AdminResult(false, outcome.Problem);
    }

    private static async Task<AdminResult> LiftAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var id = arguments.GetProperty("id").GetString() ?? "";
        var outcome = HoldsApi.IsId(id) ? await services.GetRequiredService<HoldStore>().LiftAsync(0, 0, id, ct) : HoldOutcome.NotFound("There is no such hold.");
        return outcome.Problem is null ? new AdminResult(true, "The hold is lifted.", new JsonObject { ["id"] = id }) : new AdminResult(false, outcome.Problem);
    }

    private static bool TryTarget(string text, out HoldTarget target)
    {
        target = new HoldTarget(HoldKind.Organization);
        if (text.StartsWith("person:", StringComparison.Ordinal))
            target = new HoldTarget(HoldKind.Person, text["person:".Length..]);
        else if (text.StartsWith("audit:", StringComparison.Ordinal))
        {
            if (text["audit:".Length..].Split("..") is not [var from, var to] || !TryTime(from, out var fromMs) || !TryTime(to, out var toMs))
                return false;
            target = new HoldTarget(HoldKind.Audit, FromMs: fromMs, ToMs: toMs);
        }
        else if (text.Split('/', 2) is [var ns, var rest])
            target = rest.Split(':', 2) is [var repository, var tag] ? new HoldTarget(HoldKind.Tag, ns, repository, tag) : new HoldTarget(HoldKind.Repository, ns, rest);
        else
            target = new HoldTarget(HoldKind.Organization, text);
        return HoldsApi.Wrong(target) is null;
    }

    private static bool TryTime(string text, out long ms)
    {
        var good = DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
        ms = at.ToUnixTimeMilliseconds();
        return good;
    }

    private static string Place(Hold hold) => hold.Kind switch
    {
        HoldKind.Audit => string.Create(CultureInfo.InvariantCulture, $"audit trail from {Time(hold.FromMs!.Value)} to {Time(hold.ToMs!.Value)}"),
        HoldKind.Repository => $"repository {hold.Namespace}/{hold.Repository}",
        HoldKind.Tag => $"tag {hold.Namespace}/{hold.Repository}:{hold.Tag}",
        _ => $"{HoldStore.Word(hold.Kind)} {hold.Namespace}",
    };

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("u", CultureInfo.InvariantCulture);
}
