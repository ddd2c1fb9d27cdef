using Wharf.Server.AccessReview;
using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.AppTokens;
using Wharf.Server.Audit;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Cors;
using Wharf.Server.Data;
using Wharf.Server.Distribution;
using Wharf.Server.GarbageCollection;
using Wharf.Server.Holds;
using Wharf.Server.Hosting;
using Wharf.Server.Immutability;
using Wharf.Server.Limits;
using Wharf.Server.Live;
using Wharf.Server.Mail;
using Wharf.Server.Manifests;
using Wharf.Server.Messages;
using Wharf.Server.OAuth;
using Wharf.Server.Organizations;
using Wharf.Server.Outbox;
using Wharf.Server.Persons;
using Wharf.Server.Pruning;
using Wharf.Server.PullStatistics;
using Wharf.Server.QuayApi;
using Wharf.Server.Quota;
using Wharf.Server.Recovery;
using Wharf.Server.Repositories;
using Wharf.Server.Robots;
using Wharf.Server.Scrub;
using Wharf.Server.Search;
using Wharf.Server.Security;
using Wharf.Server.ServiceKeys;
using Wharf.Server.StorageCare;
using Wharf.Server.Superuser;
using Wharf.Server.Tags;
using Wharf.Server.TimeMachine;
using Wharf.Server.WebInterface;

return await CommandLine.RunAsync(args, new Composition(Add, Use, Map));

// What each slice registers: settings sections, services, startup steps, readiness checks, admin commands.
static void Add(WebApplicationBuilder builder)
{
    builder.AddData();
    builder.AddMail();
    builder.AddAuth();
    builder.AddLimits();
    builder.AddCrossOrigin();
    builder.AddAccounts();
    builder.AddAppTokens();
    builder.AddOAuth();
    builder.AddOrganizations();
    builder.AddRobots();
    builder.AddAccessReview();
    builder.AddSuperuser();
    builder.AddServiceKeys();
    builder.AddMessages();
    builder.AddRepositories();
    builder.AddSearch();
    builder.AddApiDocs();
    builder.AddContent();
    builder.AddManifests();
    builder.AddQuota();
    builder.AddTags();
    builder.AddPullStatistics();
    builder.AddHolds();
    builder.AddImmutability();
    builder.AddGarbageCollection();
    builder.AddPruning();
    builder.AddAudit();
    builder.AddPersons();
    builder.AddDistribution();
    builder.AddOutbox();
    builder.AddLive();
    builder.AddRecovery();
    builder.AddScrub();
    builder.AddSecurity();
    builder.AddStorageCare();
}

// What must see a request before routing: preflights of browsers, and rewriting of paths.
static void Use(WebApplication app)
{
    app.UseCrossOrigin();
    app.UseMiddleware<OciRouting>();
    app.UseMiddleware<QuayRouting>();
}

// Middleware behind routing, then endpoints.
static void Map(WebApplication app)
{
    app.UseMiddleware<AuditMiddleware>();
    app.UseMiddleware<AccessMiddleware>();
    app.MapDistribution();
    app.MapAccounts();
    app.MapAppTokens();
    app.MapOAuth();
    app.MapPermissions();
    app.MapOrganizations();
    app.MapRobots();
    app.MapAccessReview();
    app.MapSuperuser();
    app.MapServiceKeys();
    app.MapMessages();
    app.MapRepositories();
    app.MapGrants();
    app.MapStars();
    app.MapLabels();
    app.MapTags();
    app.MapManifests();
    app.MapImmutability();
    app.MapTimeMachine();
    app.MapPullStatistics();
    app.MapHolds();
    app.MapSearch();
    app.MapQuota();
    app.MapGarbageCollection();
    app.MapPruning();
    app.MapLogs();
    app.MapLive();
    app.MapApiDocs();
    app.MapScrub();
    app.MapSecurity();
    app.MapWebInterface();
}
